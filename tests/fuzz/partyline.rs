//! The program's own modules, as far as they are fuzzed: the dependency rule lets them stand without the rest.

#[path = "../../src/capture/mod.rs"]
pub mod capture;
#[path = "../../src/model/mod.rs"]
pub mod model;
#[path = "../../src/psn/mod.rs"]
pub mod psn;

//! What the receiving side makes of the rig's networks, as WAVs that `tests/bench/receive.py` scores (PESQ, dropouts, delay):
//! `PARTYLINE_BENCH=folder cargo test --lib bench -- --ignored`, with `speech48.wav` in the folder.

use super::*;
use crate::voice::bench::Bench;

#[test]
#[ignore = "writes WAVs to be scored; needs a recording of speech"]
fn the_rigs_networks() {
    let (bench, said) = Bench::open();
    let only = std::env::var("PARTYLINE_BENCH_ONLY").unwrap_or_default();
    let mut networks = vec![];
    for frame in [10, 20, 40] {
        networks.push((format!("quiet-{frame}"), Network::quiet(frame)));
        networks.push((format!("rough-{frame}"), Network::rough(frame, 0.0, 0)));
    }
    for percent in [5, 10, 20] {
        let loss = f64::from(percent) / 100.0;
        for (copies, fec) in [(0, false), (0, true), (1, true), (1, false), (2, false)] {
            let name = format!("loss{percent}-red{copies}{}", if fec { "-fec" } else { "" });
            networks.push((name, Network { fec, ..Network::rough(20, loss, copies) }));
        }
    }
    for (name, network) in networks.into_iter().filter(|(name, _)| name.contains(&only)) {
        let ear = heard(&said, &network);
        let report = ear.incoming.report();
        println!(
            "{name:18} buffer {:5.1} ms  made up {:5.2} %  lost {} of which copied {}, late {}",
            ear.mean_delay(3.0).as_secs_f64() * 1e3,
            ear.concealed() * 100.0,
            report.lost,
            report.copied,
            report.late,
        );
        bench.write(&name, &said, &ear.heard);
    }
}

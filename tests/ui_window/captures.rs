//! The page that holds a capture against what Partyline knows.

use std::{path::PathBuf, sync::Arc};

use egui::{Key, OutputCommand};
use egui_kittest::kittest::NodeT;
use partyline::{
    client::{Capture, CaptureTrouble, Command, ReportFile, Snapshot},
    model::{Absent, Difference, EndpointReport, Finding, Part, Progress, Report},
};

use crate::stage::{self, Stage};

fn on_page(snapshot: Snapshot, height: f32) -> Stage {
    let mut stage = Stage::sized(snapshot, 1280.0, height);
    stage.click("Settings");
    stage.click("Captures");
    stage.commands();
    stage
}

fn checked(report: Report) -> Snapshot {
    let mut snapshot = stage::home();
    snapshot.capture = Capture::Checked { report: Arc::new(report), file: ReportFile::None };
    snapshot
}

fn endpoint(findings: Vec<Finding>) -> EndpointReport {
    EndpointReport {
        name: "Party",
        seen: 12,
        parsed: 11,
        failed: 1,
        refused: 0,
        not_examined: 0,
        unjudged: 0,
        findings,
        more_findings: 0,
        absent: vec![Absent { part: Part::Answer, path: "members[].platform".into(), count: 3 }],
    }
}

fn finding(path: &str, difference: Difference) -> Finding {
    Finding { part: Part::Answer, difference, path: path.into(), count: 4 }
}

fn report() -> Report {
    let mistyped = Difference::Mistyped { expected: "a number".into(), found: "text" };
    Report {
        exchanges: 40,
        other_hosts: 20,
        odd: 0,
        ends_early: true,
        endpoints: vec![endpoint(vec![
            finding("members[].joinedAt", mistyped),
            finding("", Difference::Missing),
        ])],
        unused: [("Groups", 8)].into(),
    }
}

#[test]
fn a_capture_is_checked_with_progress_and_can_be_stopped() {
    let mut stage = on_page(stage::home(), 800.0);
    stage.type_into("Capture file", "/captures/mine.har");
    stage.click("Check it");
    stage.publish(|s| s.capture = Capture::Reading(Progress { read: 1_000_000, total: 4_000_000 }));
    assert!(stage.shows("1.0 of 4.0 MB"));
    stage.click("Cancel");
    assert_eq!(stage.commands(), [Command::CheckCapture("/captures/mine.har".into()), Command::CloseCapture]);
}

#[test]
fn the_report_says_what_differs_where_and_how_often() {
    let stage = on_page(checked(report()), 800.0);
    for text in [
        "2 differences.",
        "40 exchanges: 12 of Partyline's calls, 8 other calls of the service, 20 with other hosts.",
        "The file ends early",
        "Party, 12 seen, 11 parsed, 1 not parsed",
        "answer: members[].joinedAt, text instead of a number, 4 times",
        "answer: the body itself, missing, 4 times",
        "answer: members[].platform, optional, not there, 3 times",
        "Groups, 8 times",
    ] {
        assert!(stage.shows(text), "{text}");
    }
}

#[test]
fn a_clean_capture_says_so_and_an_empty_one_does_not() {
    let mut clean = Report { ends_early: false, ..report() };
    clean.endpoints[0] = EndpointReport { failed: 0, parsed: 12, ..endpoint(Vec::new()) };
    assert!(on_page(checked(clean), 800.0).shows("Everything fits."));
    let empty = on_page(checked(Report::default()), 800.0);
    assert!(empty.shows("Nothing in it that Partyline calls."));
    assert!(!empty.shows("Everything fits."));
}

#[test]
fn the_report_is_saved_copied_and_put_away() {
    let mut stage = on_page(checked(report()), 800.0);
    assert!(stage.value("Where to save the report").ends_with("partyline-capture-report.txt"));
    stage.click("Where to save the report");
    stage.window.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    stage.window.event(egui::Event::Text("/reports/mine.txt".into()));
    stage.press(Key::Enter);
    stage.click("Save the report");
    stage.click_once("Copy the report");
    let copied = &stage.window.output().platform_output.commands;
    assert!(copied.iter().any(|c| matches!(c, OutputCommand::CopyText(t) if *t == report().to_string())));
    stage.click("Close the report");
    let save = Command::SaveReport(PathBuf::from("/reports/mine.txt"));
    assert_eq!(stage.commands(), [save.clone(), save, Command::CloseCapture]);
    stage.publish(|s| {
        let file = ReportFile::Saved("/reports/mine.txt".into());
        s.capture = Capture::Checked { report: Arc::new(report()), file };
    });
    assert!(stage.shows("Saved as /reports/mine.txt"));
    stage.publish(|s| {
        let file = ReportFile::CannotSave;
        s.capture = Capture::Checked { report: Arc::new(report()), file };
    });
    assert!(stage.shows("could not be written"), "and the report is still there to be copied");
    assert!(stage.shows("Copy the report"));
}

#[test]
fn what_cannot_be_read_or_written_says_so() {
    for (trouble, text) in [
        (CaptureTrouble::CannotOpen, "can't be opened"),
        (CaptureTrouble::NotACapture, "is no capture"),
        (CaptureTrouble::NoRedirect, "does not tell where the browser goes"),
    ] {
        let mut snapshot = stage::home();
        snapshot.capture = Capture::Failed(trouble);
        assert!(on_page(snapshot, 800.0).shows(text), "{text}");
    }
}

#[test]
fn a_report_of_thousands_of_lines_costs_what_is_seen_of_it() {
    let lines = |count: usize| {
        let path = |i| format!("members[].field{i}.{}", "deep.".repeat(200));
        let findings = (0..count).map(|i| finding(&path(i), Difference::Unknown)).collect();
        let report = Report { endpoints: vec![endpoint(findings)], ..report() };
        let stage = on_page(checked(report), 800.0);
        assert!(stage.shows("members[].field0."));
        let longest = stage.window.root().children_recursive();
        let longest =
            longest.filter_map(|node| node.accesskit_node().label()).map(|l| l.chars().count()).max();
        assert!(longest.is_some_and(|longest| longest < 500), "{longest:?}");
        stage.window.output().shapes.len()
    };
    let (screenful, endless) = (lines(60), lines(5000));
    assert!(endless < screenful + 20, "{endless} shapes against {screenful}");
}

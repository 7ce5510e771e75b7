//! Films are opened in children of the portal, which may be lost at any time.

use std::fs;

use testkit::{chest_film, dicom_film};

use crate::{
    serve::Signed,
    support::{Serving, data_folder},
};

/// The children that open files, by the command they were started with.
fn children(portal: u32) -> Vec<u32> {
    let children = fs::read_dir(format!("/proc/{portal}/task")).unwrap();
    children
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok())
        .flat_map(|children| {
            children
                .split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<u32>>()
        })
        .filter(|pid| {
            fs::read_to_string(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|line| line.contains("open-files"))
        })
        .collect()
}

fn kill(pid: u32) {
    let pid = nix::unistd::Pid::from_raw(pid.try_into().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
}

#[test]
fn films_are_opened_in_bounded_children_and_go_on_when_these_are_killed() {
    let data = data_folder();
    let mut serving = Serving::start(data.path(), &["--demo"]);
    serving.wait_for("The demo is filled");
    let radiologist = Signed::sign_in(&serving.base, "radiologist@example.com");
    let patient = Signed::sign_in(&serving.base, "patient@example.com").user_id;
    for round in 0..3 {
        let film = if round % 2 == 0 {
            chest_film(round, 80)
        } else {
            dicom_film(round, "ANY")
        };
        let receipt = radiologist.upload(film, &patient).expect("not taken");
        let report = receipt["reports"][0]["report_id"].as_str().unwrap();
        radiologist.wait_for_status(report, "analyzed");
        let children = children(serving.pid());
        assert!(!children.is_empty(), "who has opened the film?");
        for child in children {
            let limits = fs::read_to_string(format!("/proc/{child}/limits")).unwrap();
            for (name, limit) in [
                ("Max address space", "2000000000"),
                ("Max file size", "0"),
                ("Max core file size", "0"),
            ] {
                let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
                assert!(line.contains(&format!(" {limit} ")), "{line}");
            }
            let environment = fs::read_to_string(format!("/proc/{child}/environ")).unwrap();
            let names = environment.split_terminator('\0').map(|setting| {
                let (name, _) = setting.split_once('=').unwrap();
                name
            });
            // Two settings of the allocator, and nothing of the portal's own.
            assert_eq!(
                names.collect::<Vec<_>>(),
                ["MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"]
            );
            kill(child);
        }
    }
    let children = children(serving.pid());
    assert!(serving.interrupt().success());
    for child in children {
        assert!(
            !fs::exists(format!("/proc/{child}")).unwrap(),
            "{child} was left behind"
        );
    }
}

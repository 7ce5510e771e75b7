//! The plain recipes of `database/README.md`, run as they stand there.

use std::{os::unix::fs::PermissionsExt, process::Command};

use super::{Clinic, images_in, noise, tables_of};
use crate::support::{Serving, portal, stdout};

const README: &str = include_str!("../../../../../database/README.md");

/// The code blocks of the part on plain tools.
fn recipes() -> Vec<String> {
    let part = README
        .split("### With plain tools")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    part.split("```\n")
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// What cron would run: the line less its five times and its user, with `\%` for `%`.
fn cron_command(line: &str) -> String {
    let mut rest = line.trim();
    let mut fields = Vec::new();
    for _ in 0..6 {
        let (field, after) = rest.split_once(' ').unwrap();
        fields.push(field);
        rest = after.trim_start();
    }
    assert_eq!(fields, ["0", "2", "*", "*", "*", "root"]);
    let bare = rest.replace("\\%", "");
    assert!(
        !bare.contains('%'),
        "an unescaped % ends a cron command: {line}"
    );
    rest.replace("\\%", "%")
}

#[test]
fn the_recipes_of_the_manual_work_as_they_stand() {
    if Command::new("rsync").arg("--version").output().is_err() {
        println!("skipped: rsync is not installed");
        return;
    }
    let recipes = recipes();
    let [by_hand, cron, restore] = &recipes[..] else {
        panic!("the manual has other recipes: {recipes:?}");
    };
    let clinic = Clinic::new();
    let (data, backup, new) = (clinic.data(), clinic.path("backup"), clinic.path("new"));
    blobs::BlobStore::open(data.join("blobs"))
        .unwrap()
        .put(&noise(1, 5000))
        .unwrap();
    // Stands for sudo: whoever may enter the socket's folder comes in as the superuser.
    let tools = clinic.path("tools");
    std::fs::create_dir_all(&tools).unwrap();
    std::fs::create_dir_all(&backup).unwrap();
    std::fs::write(
        tools.join("sudo"),
        "#!/bin/sh\n[ \"$1 $2\" = '-u postgres' ] || exit 9\nshift 2\nPGUSER=postgres exec \"$@\"\n",
    )
    .unwrap();
    std::fs::set_permissions(tools.join("sudo"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let today = chrono::Local::now().format("%F").to_string();
    let run = |script: &str| {
        let script = script
            .replace("/var/lib/medical-portal", data.to_str().unwrap())
            .replace("/backup", backup.to_str().unwrap())
            .replace("-p PORT", "-p 5432")
            .replace("NEW/", &format!("{}/", new.to_str().unwrap()))
            .replace("2026-11-24", &today);
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &script])
            .env("PATH", path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{script}: {output:?}");
    };
    let archive = backup.join(format!("portal-{today}.sql.gz"));

    let mut serving = Serving::start(&data, &["--workers", "0"]);
    run(by_hand);
    let by_hand = std::fs::read(&archive).unwrap();
    std::fs::remove_file(&archive).unwrap();
    std::fs::remove_dir_all(backup.join("blobs")).unwrap();
    run(&cron_command(cron));
    assert!(
        std::fs::read(&archive)
            .unwrap()
            .len()
            .abs_diff(by_hand.len())
            < 2000
    );
    assert!(serving.interrupt().success());
    let (blobs, tables) = (images_in(&data), tables_of(&data));
    std::fs::remove_dir_all(&data).unwrap();

    let mut serving = Serving::start(&new, &["--workers", "0"]);
    run(restore);
    assert!(serving.interrupt().success());
    assert_eq!(images_in(&new), blobs);
    let restored = tables_of(&new);
    for table in [
        "public.users",
        "public.medical_reports",
        "public.doctor_reviews",
    ] {
        assert_eq!(restored[table], tables[table], "{table}");
    }
    let at = ["--data-dir", new.to_str().unwrap()];
    stdout(
        &portal()
            .args([&["db", "status"], &at[..]].concat())
            .output()
            .unwrap(),
    );
    let mut serving = Serving::start(&new, &["--workers", "0"]);
    assert!(serving.interrupt().success());
}

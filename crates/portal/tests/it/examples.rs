//! What lies in `ops/` is held to the program: figures, options, variables, paths and headings that
//! it names are there. What has a checker of its own is given to it where that is installed.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{
    packaging::repository,
    support::{portal, stdout},
};

fn ops(path: &str) -> PathBuf {
    repository().join("ops").join(path)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The documents of a YAML file, with anchors resolved.
fn yaml(path: &Path) -> Vec<Value> {
    serde_saphyr::from_multiple(&read(path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn manifests() -> Vec<Value> {
    std::fs::read_dir(ops("kubernetes"))
        .unwrap()
        .flat_map(|entry| yaml(&entry.unwrap().path()))
        .collect()
}

fn manifest<'a>(all: &'a [Value], kind: &str, name: &str) -> &'a Value {
    all.iter()
        .find(|one| one["kind"] == kind && one["metadata"]["name"] == name)
        .unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

/// Every text of a document, with the key that it stands under.
fn texts(value: &Value, key: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => found.push((key.to_owned(), text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, key, found)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, field)| texts(field, key, found)),
        _ => {}
    }
}

/// Words of a text that begin with this and go on with what a name may hold.
fn words(text: &str, beginning: &str) -> BTreeSet<String> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.split(|letter| !is_name(letter))
        .filter(|word| word.starts_with(beginning) && word.len() > beginning.len())
        .map(str::to_owned)
        .collect()
}

fn sources() -> String {
    fn collect(folder: &Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, text);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&read(&path));
            }
        }
    }
    let mut text = String::new();
    for room in std::fs::read_dir(repository().join("crates")).unwrap() {
        collect(&room.unwrap().path().join("src"), &mut text);
    }
    text
}

/// The figures that the program makes, as Prometheus names them.
fn figures() -> BTreeSet<String> {
    let text = sources();
    let mut figures = BTreeSet::new();
    for kind in ["counter!(", "gauge!(", "histogram!("] {
        for rest in text.split(kind).skip(1) {
            let Some(name) = rest
                .trim_start()
                .strip_prefix('"')
                .and_then(|rest| rest.split('"').next())
            else {
                continue;
            };
            figures.insert(name.to_owned());
            if kind == "histogram!(" {
                figures.extend(["bucket", "sum", "count"].map(|part| format!("{name}_{part}")));
            }
        }
    }
    assert!(figures.contains("portal_database_up"), "{figures:?}");
    figures
}

fn expressions(documents: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    for document in documents {
        texts(document, "", &mut found);
    }
    let expressions: Vec<String> = found
        .into_iter()
        .filter(|(key, _)| key == "expr")
        .map(|(_, text)| text)
        .collect();
    assert!(expressions.len() > 15, "{expressions:?}");
    expressions
}

#[test]
fn dashboard_and_alerts_ask_for_figures_that_the_program_makes() {
    let known = figures();
    let dashboard: Value = serde_json::from_str(&read(&ops("grafana/dashboard.json"))).unwrap();
    for expression in expressions(&[dashboard])
        .into_iter()
        .chain(expressions(&yaml(&ops("prometheus/alerts.yaml"))))
    {
        let asked = words(&expression, "portal_");
        assert!(
            !asked.is_empty() || expression.contains("up{job=\"medical-portal\"}"),
            "{expression} asks for nothing of the portal"
        );
        for figure in asked {
            assert!(known.contains(&figure), "no figure {figure}: {expression}");
        }
        let paths = expression
            .split("path=\"")
            .skip(1)
            .chain(expression.split("path!=\"").skip(1));
        for path in paths.map(|rest| rest.split('"').next().unwrap()) {
            assert!(openapi()["paths"][path].is_object(), "no path {path}");
        }
    }
}

fn openapi() -> Value {
    serde_json::from_str(&read(&repository().join("web/openapi.json"))).unwrap()
}

/// A heading as GitHub links to it.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

#[test]
fn every_alert_has_a_severity_and_a_chapter_of_the_runbook() {
    let headings: BTreeSet<String> = read(&repository().join("docs/OPERATIONS.md"))
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect();
    let mut names = BTreeSet::new();
    for document in yaml(&ops("prometheus/alerts.yaml")) {
        for rule in document["groups"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|group| group["rules"].as_array().unwrap())
        {
            let name = rule["alert"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is there twice");
            let severity = rule["labels"]["severity"].as_str().unwrap();
            assert!(["warning", "critical"].contains(&severity), "{name}");
            assert!(rule["annotations"]["summary"].is_string(), "{name}");
            let chapter = rule["annotations"]["runbook_url"]
                .as_str()
                .and_then(|link| link.strip_prefix("docs/OPERATIONS.md#"))
                .unwrap_or_else(|| panic!("{name} has no runbook"));
            assert!(headings.contains(chapter), "{name}: no heading {chapter}");
        }
    }
    assert!(names.len() > 20, "{names:?}");
}

/// Variables that others than the command line read: the stores' client and the engine.
const OTHERS: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_ALLOW_HTTP",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "ORT_DYLIB_PATH",
];

#[test]
fn the_examples_name_only_options_and_variables_that_the_program_knows() {
    let folder = tempfile::tempdir().unwrap();
    stdout(
        &portal()
            .args(["man", folder.path().to_str().unwrap()])
            .output()
            .unwrap(),
    );
    let manual: String = std::fs::read_dir(folder.path())
        .unwrap()
        // Without the signs that make letters bold.
        .map(|entry| read(&entry.unwrap().path()).replace("\\fB", " "))
        .collect();
    let known = words(&manual, "PORTAL_");
    assert!(known.contains("PORTAL_LISTEN"), "{known:?}");
    for file in [
        "ops/container/Containerfile",
        "ops/container/compose.yaml",
        "ops/kubernetes/deployment.yaml",
        "ops/kubernetes/secret.example.yaml",
        "ops/proxy/nginx.conf",
        "ops/proxy/Caddyfile",
        "ops/proxy/haproxy.cfg",
        "packaging/medical-portal.service",
        "packaging/portal.toml",
        "docs/INSTALL.md",
    ] {
        let text = read(&repository().join(file));
        for variable in words(&text, "PORTAL_") {
            let is_known = known.contains(&variable) || variable == "PORTAL_PASSWORD";
            assert!(is_known, "{file}: nobody reads {variable}");
        }
        for variable in words(&text, "AWS_") {
            assert!(OTHERS.contains(&variable.as_str()), "{file}: {variable}");
        }
    }
    let sources = sources();
    for variable in ["AWS_ENDPOINT_URL", "AWS_ALLOW_HTTP", "ORT_DYLIB_PATH"] {
        assert!(sources.contains(variable), "nobody reads {variable}");
    }
}

/// The arguments are understood: with `--help` behind them the program prints help instead of a fault.
fn understood(arguments: &Value) {
    let mut words: Vec<&str> = arguments
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect();
    words.push("--help");
    let output = portal().args(&words).output().unwrap();
    let fault = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {fault}");
}

#[test]
fn containers_run_commands_that_there_are() {
    let compose = yaml(&ops("container/compose.yaml")).remove(0);
    let mut commands = 0;
    for (name, service) in compose["services"].as_object().unwrap() {
        let is_portal = service["image"]
            .as_str()
            .is_some_and(|image| image.starts_with("medical-portal:"))
            || service["<<"].is_object();
        if is_portal {
            understood(&service["command"]);
            commands += 1;
        }
        for other in service["depends_on"].as_object().into_iter().flatten() {
            assert!(
                compose["services"][other.0].is_object(),
                "{name}: {other:?}"
            );
        }
        for secret in service["secrets"].as_array().into_iter().flatten() {
            let secret = secret.as_str().unwrap();
            assert!(compose["secrets"][secret].is_object(), "{name}: {secret}");
        }
    }
    assert_eq!(commands, 3, "migrate, backup-destination, portal");
    let site = compose["configs"]["site"]["file"].as_str().unwrap();
    assert!(ops("container").join(site).exists(), "{site}");

    let all = manifests();
    let pod = &manifest(&all, "Deployment", "medical-portal")["spec"]["template"]["spec"];
    for container in ["initContainers", "containers"] {
        understood(&pod[container][0]["args"]);
    }
}

#[test]
fn the_manifests_fit_together_and_keep_to_the_restricted_profile() {
    let all = manifests();
    let deployment = manifest(&all, "Deployment", "medical-portal");
    let template = &deployment["spec"]["template"];
    let (pod, labels) = (&template["spec"], &template["metadata"]["labels"]);
    for (kind, name, selector) in [
        ("Deployment", "medical-portal", "/spec/selector/matchLabels"),
        ("Service", "medical-portal", "/spec/selector"),
        (
            "NetworkPolicy",
            "medical-portal",
            "/spec/podSelector/matchLabels",
        ),
        (
            "PodDisruptionBudget",
            "medical-portal",
            "/spec/selector/matchLabels",
        ),
    ] {
        let selected = manifest(&all, kind, name).pointer(selector).unwrap();
        assert_eq!(selected, labels, "{kind}");
    }
    for volume in pod["volumes"].as_array().unwrap() {
        if let Some(claim) = volume["persistentVolumeClaim"]["claimName"].as_str() {
            let claim = manifest(&all, "PersistentVolumeClaim", claim);
            assert_eq!(claim["spec"]["accessModes"][0], "ReadWriteMany");
        }
        if let Some(secret) = volume["secret"]["secretName"].as_str() {
            let toml = manifest(&all, "Secret", secret)["stringData"]["portal.toml"].clone();
            let keys: toml::Table = toml.as_str().unwrap().parse().unwrap();
            assert!(keys.contains_key("database_url"));
        }
    }
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(
        pod["securityContext"]["seccompProfile"]["type"],
        "RuntimeDefault"
    );
    for container in ["initContainers", "containers"] {
        let closed = &pod[container][0]["securityContext"];
        assert_eq!(closed["allowPrivilegeEscalation"], false);
        assert_eq!(closed["readOnlyRootFilesystem"], true);
        assert_eq!(closed["capabilities"]["drop"][0], "ALL");
    }
    let portal = &pod["containers"][0];
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let path = portal[probe]["httpGet"]["path"].as_str().unwrap();
        assert!(openapi()["paths"][path].is_object(), "{probe}: {path}");
    }
    let ingress = manifest(&all, "Ingress", "medical-portal");
    for path in ingress["spec"]["rules"][0]["http"]["paths"]
        .as_array()
        .unwrap()
    {
        let service = path["backend"]["service"]["name"].as_str().unwrap();
        manifest(&all, "Service", service);
    }
    let kustomization = yaml(&ops("kubernetes/kustomization.yaml")).remove(0);
    let listed = kustomization["resources"].as_array().unwrap().len();
    let files = std::fs::read_dir(ops("kubernetes")).unwrap().count();
    assert_eq!(
        listed,
        files - 1,
        "kustomization.yaml lists every other file"
    );
}

/// Gives a file to its own checker, where that is installed.
fn checked_by(program: &str, arguments: &[&str]) {
    match Command::new(program).args(arguments).output() {
        Err(_) => println!("skipped: {program} is not installed"),
        Ok(output) => assert!(
            output.status.success(),
            "{program} {arguments:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

#[test]
fn the_examples_pass_their_own_checkers() {
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    checked_by(
        "promtool",
        &["check", "rules", &text(ops("prometheus/alerts.yaml"))],
    );
    checked_by(
        "promtool",
        &[
            "check",
            "config",
            "--syntax-only",
            &text(ops("prometheus/scrape.yaml")),
        ],
    );
    checked_by("hadolint", &[&text(ops("container/Containerfile"))]);
    checked_by(
        "kubeconform",
        &["-strict", "-summary", &text(ops("kubernetes"))],
    );
    checked_by(
        "caddy",
        &[
            "validate",
            "--adapter",
            "caddyfile",
            "--config",
            &text(ops("proxy/Caddyfile")),
        ],
    );

    // nginx and HAProxy open the certificate when they check: a made-up one stands for it.
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["portal.example.org".to_owned()]).unwrap();
    let (chain, key) = (
        folder.path().join("chain.pem"),
        folder.path().join("key.pem"),
    );
    let both = folder.path().join("portal.pem");
    std::fs::write(&chain, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    std::fs::write(&both, made.cert.pem() + &made.signing_key.serialize_pem()).unwrap();
    let site = read(&ops("proxy/nginx.conf"))
        .replace("/run/secrets/chain.pem", &text(chain))
        .replace("/run/secrets/key.pem", &text(key));
    let whole = format!(
        "pid {0}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n{1}\n{site}\n}}\n",
        folder.path().display(),
        read(&ops("proxy/nginx-upstream.conf"))
    );
    let nginx = folder.path().join("nginx.conf");
    std::fs::write(&nginx, whole).unwrap();
    checked_by("nginx", &["-t", "-q", "-c", &text(nginx)]);
    let haproxy = folder.path().join("haproxy.cfg");
    let whole = read(&ops("proxy/haproxy.cfg")).replace("/etc/haproxy/portal.pem", &text(both));
    std::fs::write(&haproxy, whole).unwrap();
    checked_by("haproxy", &["-c", "-q", "-f", &text(haproxy)]);
}

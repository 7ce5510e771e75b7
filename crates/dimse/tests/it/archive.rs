//! What an archive has of a patient, and films from it: with dcmtk's dcmqrscp, and with archives that do as they please.

use std::{path::Path, process::Stdio, time::Duration};

use blobs::BlobStore;
use chrono::NaiveDate;
use db::dicom_peers::Destination;
use dicom_ul::pdu::{
    AssociationAC, PDataValueType, Pdu, PresentationContextResult,
    PresentationContextResultReason as Reason, RequestorRoles, UserVariableItem, write_pdu,
};
use dimse::{Archive, AskError, Calling, Command, MOST_STUDIES, Numbered};
use domain::Role;
use imaging::{DicomFile, Limits};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::{
    PORTAL, Said, add_device_as,
    bad_devices::{data, next},
    free_port, start,
};

const PATIENCE: Duration = Duration::from_secs(30);
const PENDING: u16 = 0xFF00;

fn at(port: u16) -> Archive {
    let destination = Destination {
        ae_title: "PACS".to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
        over_tls: false,
    };
    Archive::new(Calling::default(), PORTAL, destination)
}

fn numbered(number: &str) -> Numbered {
    Numbered {
        number: number.to_owned(),
        issuer: None,
    }
}

/// dcmtk's archive with these films, until it is dropped.
async fn dcmqrscp(
    folder: &Path,
    port: u16,
    films: &[std::path::PathBuf],
    portal: u16,
) -> tokio::process::Child {
    dcmqrscp_with(&[], folder, port, films, portal).await
}

/// The same, told to do otherwise.
pub(crate) async fn dcmqrscp_with(
    options: &[&str],
    folder: &Path,
    port: u16,
    films: &[std::path::PathBuf],
    portal: u16,
) -> tokio::process::Child {
    let store = folder.join("store");
    std::fs::create_dir(&store).unwrap();
    let configuration = folder.join("dcmqrscp.cfg");
    let text = format!(
        "NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\nHostTable BEGIN\n\
         portal = ({PORTAL}, 127.0.0.1, {portal})\nHostTable END\n\
         VendorTable BEGIN\nVendorTable END\nAETable BEGIN\nPACS {} RW (200, 1024mb) ANY\nAETable END\n",
        store.display()
    );
    std::fs::write(&configuration, text).unwrap();
    let child = tokio::process::Command::new("dcmqrscp")
        .args(options)
        .args(["-c", configuration.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("dcmqrscp (Debian's dcmtk, see make test-setup): {error}"));
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let sent = tokio::process::Command::new("storescu")
        .args(["-aec", "PACS", "127.0.0.1", &port.to_string()])
        .args(films)
        .output()
        .await
        .unwrap();
    assert!(sent.status.success(), "{}", crate::said(&sent));
    child
}

/// Two films of one patient, in two studies, and one of somebody else.
fn of_the_patient(folder: &Path) -> Vec<std::path::PathBuf> {
    let said = |seed, number, name| Said {
        seed,
        number,
        name,
        born: NaiveDate::from_ymd_opt(1970, 5, 6),
        accession: "A-7",
        study: None,
    };
    [
        said(1, "MRN-1", "Müller^Jörg"),
        said(2, "MRN-1", "Müller^Jörg"),
        said(3, "MRN-10", "Other^Olga"),
    ]
    .map(|said| said.file(folder))
    .to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_says_what_it_has_of_a_patient_and_sends_it() {
    let folder = tempfile::tempdir().unwrap();
    let films = of_the_patient(folder.path());
    let port = free_port();
    let _archive = dcmqrscp(folder.path(), port, &films, free_port()).await;
    let answered = at(port).studies_of(&numbered("MRN-1")).await.unwrap();
    assert_eq!((answered.others, answered.unreadable), (0, 0));
    assert!(!answered.is_cut);
    assert_eq!(answered.studies.len(), 2);
    for study in &answered.studies {
        assert_eq!(study.patient_name.as_deref(), Some("Jörg Müller"));
        assert_eq!(study.birth_date, NaiveDate::from_ymd_opt(1970, 5, 6));
        assert_eq!(study.description.as_deref(), Some("Thorax Übersicht"));
        assert_eq!(study.accession_number.as_deref(), Some("A-7"));
        let made = study.made_at.unwrap();
        assert_eq!(made.date(), NaiveDate::from_ymd_opt(2026, 3, 4).unwrap());
    }
    // A number with an asterisk is that number, and not all that begin so.
    let starred = at(port).studies_of(&numbered("MRN-1*")).await.unwrap();
    assert_eq!(starred.studies, []);
    assert_eq!(starred.others, 3);
    let nobody = at(port).studies_of(&numbered("MRN-2")).await.unwrap();
    assert_eq!(nobody.studies, []);

    let blobs = BlobStore::open(folder.path().join("blobs")).unwrap();
    let wanted = &answered.studies[0].study_uid;
    let fetched = at(port).fetch(wanted, &blobs, 1 << 20).await.unwrap();
    let fetched = fetched.expect("dcmqrscp sends films on the association that asks for them");
    assert_eq!((fetched.missing, fetched.is_cut), (0, false));
    assert_eq!(fetched.films.len(), 1);
    let film = &fetched.films[0];
    let bytes = film.file.read().unwrap();
    let came = DicomFile::open(&bytes, &Limits::default()).unwrap();
    assert_eq!(came.header().study_uid, *wanted);
    assert_eq!(came.header().sop_instance_uid, film.sop_instance_uid);
    let pixels: Vec<Vec<u8>> = films
        .iter()
        .map(|path| {
            let bytes = std::fs::read(path).unwrap();
            let file = DicomFile::open(&bytes, &Limits::default()).unwrap();
            file.bulk("7FE00010").unwrap()
        })
        .collect();
    assert!(pixels[..2].contains(&came.bulk("7FE00010").unwrap()));
    // One that is too large is refused, and said to be missing.
    let fetched = at(port)
        .fetch(wanted, &blobs, 1_000)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((fetched.films.len(), fetched.missing), (0, 1));
    drop(fetched);
    let fetched = at(port).fetch("1.2.3.4", &blobs, 1 << 20).await.unwrap();
    assert!(fetched.unwrap().films.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_sends_a_study_where_the_portal_listens() {
    let portal = start().await;
    let here = ["127.0.0.0/8".to_owned()];
    let port = free_port();
    add_device_as(&portal.app, "PACS", Role::Radiologist, &here, Some(port)).await;
    let folder = tempfile::tempdir().unwrap();
    let films = of_the_patient(folder.path());
    let _archive = dcmqrscp(folder.path(), port, &films, portal.address.port()).await;
    let answered = at(port).studies_of(&numbered("MRN-1")).await.unwrap();
    let wanted = &answered.studies[0].study_uid;
    let had_sent = at(port).have_sent(wanted).await.unwrap();
    assert_eq!((had_sent.sent, had_sent.missing), (1, 0));
    assert_eq!(portal.stored().await, 1);
    let nothing = at(port).have_sent("1.2.3.4").await.unwrap();
    assert_eq!((nothing.sent, nothing.missing), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_study_of_many_films_is_cut_short() {
    let folder = tempfile::tempdir().unwrap();
    let study = imaging::write::uid_from_u128(77);
    let many: Vec<_> = (1..=50)
        .map(|seed| {
            let said = Said {
                seed,
                number: "MRN-1",
                name: "Roe^Jane",
                born: None,
                accession: "",
                study: Some(study.clone()),
            };
            said.file(folder.path())
        })
        .collect();
    let port = free_port();
    let _archive = dcmqrscp(folder.path(), port, &many, free_port()).await;
    let blobs = BlobStore::open(folder.path().join("blobs")).unwrap();
    let fetched = at(port)
        .fetch(&study, &blobs, 1 << 20)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(fetched.films.len(), dimse::MOST_FILMS);
    assert!(fetched.is_cut);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_away_or_takes_no_questions_is_told_apart() {
    let error = at(free_port())
        .studies_of(&numbered("1"))
        .await
        .unwrap_err();
    assert!(matches!(error, AskError::Call(_)), "{error}");
    // One that takes no queries at all.
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let child = tokio::process::Command::new("storescp")
        .args(["-od", folder.path().to_str().unwrap(), &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let _child = child.unwrap();
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let error = at(port).studies_of(&numbered("1")).await.unwrap_err();
    assert!(matches!(error, AskError::NotSpoken { .. }), "{error}");
    let blobs = BlobStore::open(folder.path().join("blobs")).unwrap();
    assert!(
        at(port)
            .fetch("1.2.3", &blobs, 1 << 20)
            .await
            .unwrap()
            .is_none()
    );
}

/// An archive of a test's own making, as far as the association.
struct Stranger {
    stream: TcpStream,
    /// The context of the request, and the first one that films may go in.
    asking: u8,
    storing: Option<(u8, String)>,
    request: Command,
}

impl Stranger {
    /// Takes the association and the first request.
    async fn meet(listener: &TcpListener) -> Self {
        let (mut stream, _) = listener.accept().await.unwrap();
        let Some(Pdu::AssociationRQ(asked)) = next(&mut stream).await else {
            panic!("no association is asked for");
        };
        let storing = asked.presentation_contexts.iter().find(|proposed| {
            proposed.abstract_syntax.trim_end_matches('\0') == "1.2.840.10008.5.1.4.1.1.1.1"
        });
        let storing = storing.map(|proposed| (proposed.id, proposed.abstract_syntax.clone()));
        let roles = storing.iter().map(|(_, class)| {
            let roles = RequestorRoles {
                scu: false,
                scp: true,
            };
            UserVariableItem::ScuScpRoleSelectionSubItem(class.clone(), roles)
        });
        let answer = AssociationAC {
            protocol_version: 1,
            calling_ae_title: asked.calling_ae_title.clone(),
            called_ae_title: asked.called_ae_title.clone(),
            application_context_name: asked.application_context_name.clone(),
            presentation_contexts: asked
                .presentation_contexts
                .iter()
                .map(|proposed| PresentationContextResult {
                    id: proposed.id,
                    reason: Reason::Acceptance,
                    transfer_syntax: proposed.transfer_syntaxes[0].clone(),
                })
                .collect(),
            user_variables: std::iter::once(UserVariableItem::MaxLength(16_384))
                .chain(roles)
                .collect(),
        };
        let mut bytes = Vec::new();
        write_pdu(&mut bytes, &Pdu::AssociationAC(answer)).unwrap();
        stream.write_all(&bytes).await.unwrap();
        let mut command = Vec::new();
        let asking = 'heard: loop {
            let Some(Pdu::PData { data }) = next(&mut stream).await else {
                panic!("nothing is asked for");
            };
            for value in data {
                if value.value_type == PDataValueType::Command {
                    command.extend_from_slice(&value.data);
                } else if value.is_last {
                    break 'heard value.presentation_context_id;
                }
            }
        };
        Self {
            stream,
            asking,
            storing,
            request: Command::read(&command).unwrap(),
        }
    }

    /// Says a status, with a data set; false once nobody listens any more.
    async fn say(&mut self, status: u16, identifier: Option<&[u8]>) -> bool {
        let mut command = self.request.answer(status, None).write();
        if identifier.is_some() {
            // Command Data Set Type: there is one.
            let head = [0, 0, 0, 8, 2, 0, 0, 0];
            let found = command.windows(8).position(|window| window == head);
            let place = found.unwrap() + 8;
            command[place..place + 2].copy_from_slice(&1_u16.to_le_bytes());
        }
        let mut said = data(self.asking, 3, &command);
        if let Some(identifier) = identifier {
            let mut parts = identifier.chunks(16_000).peekable();
            while let Some(part) = parts.next() {
                let last = if parts.peek().is_none() { 2 } else { 0 };
                said.extend(data(self.asking, last, part));
            }
        }
        self.stream.write_all(&said).await.is_ok()
    }
}

/// An element of a data set with explicit VRs.
fn element(group: u16, number: u16, vr: &str, value: &str) -> Vec<u8> {
    let mut value = value.as_bytes().to_vec();
    if value.len() % 2 == 1 {
        value.push(if vr == "UI" { 0 } else { b' ' });
    }
    let mut bytes = [group.to_le_bytes(), number.to_le_bytes()].concat();
    bytes.extend_from_slice(vr.as_bytes());
    bytes.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
    bytes.extend(value);
    bytes
}

/// An answer of a study under a number.
fn study(number: &str, uid: &str) -> Vec<u8> {
    [
        element(0x0008, 0x0052, "CS", "STUDY"),
        element(0x0010, 0x0020, "LO", number),
        element(0x0020, 0x000D, "UI", uid),
    ]
    .concat()
}

async fn listening() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_answers_without_end_is_left_with_what_it_said_first() {
    let (listener, port) = listening().await;
    let archive = tokio::spawn(async move {
        let mut stranger = Stranger::meet(&listener).await;
        let mut said = 0;
        while stranger
            .say(PENDING, Some(&study("MRN-1", &format!("1.2.{said}"))))
            .await
        {
            said += 1;
        }
        said
    });
    let asking = at(port);
    let patient = numbered("MRN-1");
    let answered = timeout(PATIENCE, asking.studies_of(&patient))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(answered.studies.len(), MOST_STUDIES);
    assert!(answered.is_cut);
    assert!(timeout(PATIENCE, archive).await.unwrap().unwrap() > MOST_STUDIES);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_somebody_else_or_cannot_be_read_is_left_out() {
    let (listener, port) = listening().await;
    let archive = tokio::spawn(async move {
        let mut stranger = Stranger::meet(&listener).await;
        for answer in [
            study("MRN-1", "1.2.3"),
            study("MRN-1", "1.2.3"),
            study("MRN-2", "1.2.4"),
            study("MRN-1", ""),
            b"\x08\0\x52\0CS\xFF\xFFno end".to_vec(),
            [
                study("MRN-1", "1.2.5"),
                element(0x0010, 0x0021, "LO", "ELSEWHERE"),
            ]
            .concat(),
        ] {
            assert!(stranger.say(PENDING, Some(&answer)).await);
        }
        assert!(stranger.say(0, None).await);
        let _ = next(&mut stranger.stream).await;
    });
    let patient = Numbered {
        number: "MRN-1".to_owned(),
        issuer: Some("HERE".to_owned()),
    };
    let answered = timeout(PATIENCE, at(port).studies_of(&patient))
        .await
        .unwrap()
        .unwrap();
    let studies: Vec<_> = answered
        .studies
        .iter()
        .map(|study| &*study.study_uid)
        .collect();
    assert_eq!(studies, ["1.2.3"]);
    assert_eq!((answered.others, answered.unreadable), (2, 2));
    archive.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_fails_or_lies_costs_nothing_but_the_answer() {
    // A failure; an answer larger than any; an answer to something else; the end in the middle.
    for case in 0..4 {
        let (listener, port) = listening().await;
        let archive = tokio::spawn(async move {
            let mut stranger = Stranger::meet(&listener).await;
            match case {
                0 => {
                    stranger.say(0xA900, None).await;
                    let _ = next(&mut stranger.stream).await;
                }
                1 => {
                    let huge = vec![b' '; 1 << 20];
                    stranger.say(PENDING, Some(&huge)).await;
                    let _ = next(&mut stranger.stream).await;
                }
                2 => {
                    let other = data(stranger.asking, 3, &stranger.request.write());
                    stranger.stream.write_all(&other).await.unwrap();
                    let _ = next(&mut stranger.stream).await;
                }
                _ => {
                    stranger.say(PENDING, Some(&study("MRN-1", "1.2.3"))).await;
                }
            }
        });
        let asking = at(port);
        let patient = numbered("MRN-1");
        let error = timeout(PATIENCE, asking.studies_of(&patient))
            .await
            .unwrap()
            .unwrap_err();
        match case {
            0 => assert!(
                matches!(error, AskError::Status { status: 0xA900, .. }),
                "{error}"
            ),
            _ => assert!(matches!(error, AskError::Call(_)), "{case}: {error}"),
        }
        archive.await.unwrap();
    }
}

/// C-STORE-RQ of an instance.
fn store(class: &str, instance: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut put = |element: u16, value: &[u8]| {
        bytes.extend(0_u16.to_le_bytes());
        bytes.extend(element.to_le_bytes());
        bytes.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(value);
    };
    let padded = |uid: &str| {
        let mut uid = uid.as_bytes().to_vec();
        uid.resize(uid.len().next_multiple_of(2), 0);
        uid
    };
    put(0x0002, &padded(class));
    put(0x0100, &1_u16.to_le_bytes());
    put(0x0110, &1_u16.to_le_bytes());
    put(0x0800, &1_u16.to_le_bytes());
    put(0x1000, &padded(instance));
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_sends_films_without_end_is_left_with_the_first() {
    let (listener, port) = listening().await;
    let archive = tokio::spawn(async move {
        let mut stranger = Stranger::meet(&listener).await;
        let (context, class) = stranger.storing.clone().unwrap();
        let mut sent = 0;
        loop {
            let film = [
                data(context, 3, &store(&class, &format!("1.2.3.{sent}"))),
                data(context, 2, &element(0x0010, 0x0020, "LO", "MRN-1")),
            ];
            if stranger.stream.write_all(&film.concat()).await.is_err() {
                return sent;
            }
            // The answer, or that it was taken back, or the end.
            match next(&mut stranger.stream).await {
                Some(Pdu::PData { .. }) => sent += 1,
                _ => return sent,
            }
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let blobs = BlobStore::open(folder.path()).unwrap();
    let asking = at(port);
    let fetched = timeout(PATIENCE, asking.fetch("1.2.3", &blobs, 1 << 20)).await;
    let fetched = fetched.unwrap().unwrap().unwrap();
    assert_eq!(fetched.films.len(), dimse::MOST_FILMS);
    assert!(fetched.is_cut);
    assert!(timeout(PATIENCE, archive).await.unwrap().unwrap() >= dimse::MOST_FILMS);
    drop(fetched);
    let staged = std::fs::read_dir(folder.path().join("staging"));
    let left = staged.map_or(0, Iterator::count);
    assert_eq!(left, 0, "what nobody keeps does not stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_in_a_context_that_was_not_agreed_on_ends_the_association() {
    let (listener, port) = listening().await;
    let archive = tokio::spawn(async move {
        let mut stranger = Stranger::meet(&listener).await;
        // In the context of the question; and of another class than the context's.
        let film = [
            data(
                stranger.asking,
                3,
                &store("1.2.840.10008.5.1.4.1.1.2", "1.2.3"),
            ),
            data(stranger.asking, 2, &element(0x0010, 0x0020, "LO", "MRN-1")),
        ];
        stranger.stream.write_all(&film.concat()).await.unwrap();
        next(&mut stranger.stream).await
    });
    let folder = tempfile::tempdir().unwrap();
    let blobs = BlobStore::open(folder.path()).unwrap();
    let asking = at(port);
    let error = timeout(PATIENCE, asking.fetch("1.2.3", &blobs, 1 << 20)).await;
    let error = error.unwrap().unwrap_err();
    assert!(matches!(error, AskError::Call(_)), "{error}");
    let told = archive.await.unwrap();
    assert!(!matches!(told, Some(Pdu::PData { .. })), "{told:?}");
}

//! The demo's people and cases: one of every kind that the portal knows.
//!
//! The seeds of the films are chosen so that the bundled model gives the risk named beside them; a
//! test holds it to that.

use domain::{RiskCategory, UrgencyLevel, patient::Gender};

use crate::{FilmClass, Storage};

/// A made-up person.
pub(super) struct Person {
    pub(super) given_name: &'static str,
    pub(super) gender: Gender,
    /// Age in days when the demo is filled.
    pub(super) age_days: u64,
}

/// The film of a case.
#[derive(Clone, Copy)]
pub(super) enum Picture {
    /// A drawn chest film as DICOM.
    Chest {
        class: FilmClass,
        seed: u64,
        storage: Storage,
    },
    /// A hand as PNG.
    Hand,
}

/// What a doctor writes.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub(super) risk: RiskCategory,
    pub(super) urgency: UrgencyLevel,
    pub(super) findings: &'static str,
    pub(super) action: &'static str,
    pub(super) notes: Option<&'static str>,
    pub(super) treatment: Option<&'static str>,
    pub(super) medication: Option<&'static str>,
    /// Days from signing to the next look.
    pub(super) follow_up_days: Option<u64>,
    /// How good the AI was, 1 to 5.
    pub(super) rating: Option<u8>,
    pub(super) disagreement: Option<&'static str>,
    /// What the doctor thought before reading the AI's verdict.
    pub(super) first_impression: Option<RiskCategory>,
    pub(super) addendum: Option<&'static str>,
}

/// How far a case has got.
#[derive(Clone, Copy)]
pub(super) enum Stage {
    /// In the queue.
    Waiting,
    /// Claimed by the doctor.
    Claimed,
    /// With the doctor's draft, claimed.
    Drafted(Words),
    /// Signed and released.
    Signed(Words),
}

/// One film on its way.
pub(super) struct Case {
    /// Place in [`PEOPLE`].
    pub(super) person: usize,
    pub(super) picture: Picture,
    /// The given name in the film's header, where it is not the record's.
    pub(super) name_on_film: Option<&'static str>,
    /// Days between the film and the filling of the demo.
    pub(super) days_ago: u64,
    pub(super) symptoms: &'static [&'static str],
    pub(super) history: Option<&'static str>,
    /// The bundled model's risk; none: not assessed.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "what the tests hold the seeds to")
    )]
    pub(super) expected: Option<RiskCategory>,
    pub(super) stage: Stage,
}

/// The person whose account is `patient@example.com`.
pub(super) const ACCOUNT_HOLDER: usize = 0;

const fn person(given_name: &'static str, gender: Gender, age_days: u64) -> Person {
    Person {
        given_name,
        gender,
        age_days,
    }
}

use Gender::{Female, Male};

/// Children of 1 to 5 years, and one adult.
pub(super) const PEOPLE: [Person; 12] = [
    person("Ada", Female, 1630),
    person("Ben", Male, 800),
    person("Cleo", Female, 520),
    person("Dan", Male, 2080),
    person("Ella", Female, 1210),
    person("Finn", Male, 1540),
    person("Gia", Female, 910),
    person("Hugo", Male, 1330),
    person("Ivy", Female, 1980),
    person("Jon", Male, 12_600),
    person("Kaya", Female, 1500),
    person("Leo", Male, 700),
];

const fn film(class: FilmClass, seed: u64) -> Picture {
    Picture::Chest {
        class,
        seed,
        storage: Storage::Plain,
    }
}

use FilmClass::{Normal, Pneumonia};
use RiskCategory::{High, Low, Medium};

const PLAIN: Words = Words {
    risk: Low,
    urgency: UrgencyLevel::Routine,
    findings: "",
    action: "",
    notes: None,
    treatment: None,
    medication: None,
    follow_up_days: None,
    rating: None,
    disagreement: None,
    first_impression: None,
    addendum: None,
};

/// In the order in which they are sent in.
pub(super) const CASES: [Case; 14] = [
    Case {
        person: ACCOUNT_HOLDER,
        picture: film(Pneumonia, 29),
        name_on_film: None,
        days_ago: 152,
        symptoms: &["fever", "cough", "fast breathing"],
        history: None,
        expected: Some(High),
        stage: Stage::Signed(Words {
            risk: High,
            urgency: UrgencyLevel::Urgent,
            findings: "Part of the right lung looks cloudy. With the fever and the cough this fits pneumonia, an \
                       infection of the lung. The heart has a normal size.",
            action: "Please see the children's clinic today. Come back at once if breathing becomes hard, lips turn \
                     blue or Ada drinks very little.",
            notes: Some(
                "Right lower zone consolidation, no effusion. Discussed by telephone with the ward. (Demo case.)",
            ),
            treatment: Some("Antibiotic by mouth for five days, rest, plenty to drink."),
            medication: Some("Amoxicillin (demo entry, not a prescription)"),
            rating: Some(5),
            ..PLAIN
        }),
    },
    Case {
        person: ACCOUNT_HOLDER,
        picture: film(Normal, 37),
        name_on_film: None,
        days_ago: 24,
        symptoms: &["none, control film"],
        history: Some("Pneumonia five months ago, treated."),
        expected: Some(Low),
        stage: Stage::Signed(Words {
            urgency: UrgencyLevel::FollowUp,
            findings: "The cloudy area of the earlier film is gone. Both lungs look clear now.",
            action: "No treatment is needed. Because of the earlier pneumonia we would like to see Ada once more; \
                     please make an appointment for the date below.",
            notes: Some("Compared with the prior film: complete resolution. (Demo case.)"),
            follow_up_days: Some(42),
            rating: Some(5),
            addendum: Some(
                "Addendum: the family asked whether sports are allowed. Yes, without limits.",
            ),
            ..PLAIN
        }),
    },
    Case {
        person: 6,
        picture: film(Normal, 19),
        name_on_film: None,
        days_ago: 2,
        symptoms: &["cough"],
        history: None,
        expected: Some(Low),
        stage: Stage::Signed(Words {
            findings: "Clear lungs, normal heart and bones.",
            action: "No further imaging needed. See the family doctor if the cough lasts more than three weeks.",
            rating: Some(4),
            ..PLAIN
        }),
    },
    Case {
        person: 7,
        picture: film(Normal, 57),
        name_on_film: None,
        days_ago: 2,
        symptoms: &["cough", "cold"],
        history: None,
        expected: Some(High),
        stage: Stage::Signed(Words {
            findings: "Low lung volumes and a prominent thymus. No consolidation.",
            action: "Treat as a viral cold. Repeat the film only if fever comes.",
            notes: Some("Film taken while breathing out. (Demo case.)"),
            rating: Some(2),
            disagreement: Some(
                "Taken while breathing out: crowded vessels and the thymus look dense, there is no consolidation.",
            ),
            first_impression: Some(Low),
            ..PLAIN
        }),
    },
    Case {
        person: 8,
        picture: film(Normal, 48),
        name_on_film: None,
        days_ago: 1,
        symptoms: &["high fever", "chest pain"],
        history: Some("Asthma since 2 years of age."),
        expected: Some(Medium),
        stage: Stage::Signed(Words {
            risk: High,
            urgency: UrgencyLevel::Critical,
            findings: "Opacity behind the heart on the left with loss of the diaphragm's outline: left lower lobe pneumonia.",
            action: "Admit today. Oxygen saturation and blood tests on arrival.",
            notes: Some("Ward called at once. (Demo case.)"),
            treatment: Some("Intravenous antibiotic by local protocol."),
            follow_up_days: Some(3),
            rating: Some(3),
            disagreement: Some(
                "The opacity lies behind the heart, where the score was too low for the clinical picture.",
            ),
            first_impression: Some(High),
            addendum: Some(
                "Addendum: the ward confirms the admission; ultrasound shows a small effusion on the left.",
            ),
            ..PLAIN
        }),
    },
    Case {
        person: 1,
        picture: film(Pneumonia, 39),
        name_on_film: None,
        days_ago: 0,
        symptoms: &["fever", "fast breathing"],
        history: None,
        expected: Some(High),
        stage: Stage::Waiting,
    },
    Case {
        person: 2,
        picture: film(Pneumonia, 21),
        name_on_film: None,
        days_ago: 0,
        symptoms: &["fever", "poor feeding"],
        history: Some("Born at 34 weeks."),
        expected: Some(High),
        stage: Stage::Claimed,
    },
    Case {
        person: 3,
        picture: film(Normal, 10),
        name_on_film: Some("Daniel"),
        days_ago: 0,
        symptoms: &["cough for two weeks"],
        history: None,
        expected: Some(Medium),
        stage: Stage::Waiting,
    },
    Case {
        person: 4,
        picture: film(Normal, 30),
        name_on_film: None,
        days_ago: 0,
        symptoms: &["before an operation"],
        history: None,
        expected: Some(Low),
        stage: Stage::Waiting,
    },
    Case {
        person: 5,
        picture: film(Normal, 8),
        name_on_film: None,
        days_ago: 0,
        symptoms: &["fever", "cough"],
        history: None,
        expected: Some(Medium),
        stage: Stage::Drafted(Words {
            risk: Medium,
            urgency: UrgencyLevel::FollowUp,
            findings: "Hazy area at the right heart border, perhaps the edge of the thymus.",
            action: "Ask for the earlier films before this is signed.",
            follow_up_days: Some(14),
            ..PLAIN
        }),
    },
    Case {
        person: 9,
        picture: film(Pneumonia, 0),
        name_on_film: None,
        days_ago: 0,
        symptoms: &["cough", "night sweats"],
        history: Some("Smoker."),
        expected: None,
        stage: Stage::Waiting,
    },
    Case {
        person: 10,
        picture: Picture::Hand,
        name_on_film: None,
        days_ago: 0,
        symptoms: &["fell on the hand"],
        history: None,
        expected: None,
        stage: Stage::Waiting,
    },
    Case {
        person: 11,
        picture: Picture::Chest {
            class: Normal,
            seed: 54,
            storage: Storage::Encapsulated,
        },
        name_on_film: None,
        days_ago: 0,
        symptoms: &["wheezing"],
        history: None,
        expected: None,
        stage: Stage::Waiting,
    },
    Case {
        person: ACCOUNT_HOLDER,
        picture: film(Normal, 17),
        name_on_film: None,
        days_ago: 0,
        symptoms: &["cough again since yesterday"],
        history: Some("Pneumonia five months ago, treated; clear control film."),
        expected: Some(Medium),
        stage: Stage::Waiting,
    },
];

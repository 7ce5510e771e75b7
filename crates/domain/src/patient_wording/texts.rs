//! The wording that a new portal has.

use super::{PatientTexts, PatientWording, ProgramTexts, RiskTexts, UrgencyTexts};

impl Default for PatientWording {
    fn default() -> Self {
        Self {
            en: english(),
            de: german(),
        }
    }
}

fn english() -> PatientTexts {
    PatientTexts {
        read: "{doctor} has read your X-ray.".into(),
        risk: RiskTexts {
            low: "The doctor found nothing to worry about.".into(),
            medium: "The doctor saw something that needs a closer look.".into(),
            high: "The doctor saw something that needs care. Please do what the doctor says below."
                .into(),
        },
        urgency: UrgencyTexts {
            routine: "You do not have to do anything right now.".into(),
            follow_up: "The doctor wants to look again later.".into(),
            urgent: "Please see your doctor today.".into(),
            critical: "Please get help now. Call your local emergency number if you feel very ill."
                .into(),
        },
        follow_up: "Please make a date to be seen again.".into(),
        follow_up_date: "You should be seen again on {date}.".into(),
        program: ProgramTexts {
            about: "A program looked at your film first. It helps to choose which films are read \
                    first. Then a doctor read it. The doctor's word counts."
                .into(),
            risk: RiskTexts {
                low: "The program saw no need to rush. That does not mean that all is well.".into(),
                medium: "The program asked to have this film read soon.".into(),
                high:
                    "The program asked to have this film read at once. That does not mean that you \
                       are ill."
                        .into(),
            },
            not_assessed: "The program could not judge this film.".into(),
            age: "It is not made for people of your age.".into(),
            kind: "It is not made for this kind of film.".into(),
            picture: "The film was not clear enough for it.".into(),
            failure: "It did not work at that time.".into(),
        },
    }
}

fn german() -> PatientTexts {
    PatientTexts {
        read: "{doctor} hat Ihr Bild geprüft.".into(),
        risk: RiskTexts {
            low: "Es gibt keinen Grund zur Sorge.".into(),
            medium: "Auf dem Bild ist etwas, das man noch genauer prüfen soll.".into(),
            high: "Auf dem Bild ist etwas, um das man sich kümmern muss. Bitte tun Sie, was im Text \
                   unten steht."
                .into(),
        },
        urgency: UrgencyTexts {
            routine: "Sie müssen jetzt nichts tun.".into(),
            follow_up: "Das Bild soll später noch einmal geprüft werden.".into(),
            urgent: "Bitte gehen Sie noch heute zum Arzt.".into(),
            critical: "Bitte holen Sie sich jetzt Hilfe. Geht es Ihnen schlecht, rufen Sie den Notruf an."
                .into(),
        },
        follow_up: "Bitte machen Sie einen Termin aus, damit man Sie noch einmal sieht.".into(),
        follow_up_date: "Am {date} soll man Sie noch einmal sehen.".into(),
        program: ProgramTexts {
            about: "Zuerst hat ein Programm Ihr Bild gesehen. Es hilft dabei, welches Bild zuerst \
                    dran ist. Dann hat ein Arzt oder eine Ärztin das Bild gesehen. Nur dieses Wort zählt."
                .into(),
            risk: RiskTexts {
                low: "Das Programm sah keinen Grund zur Eile. Das heißt nicht, dass alles gut ist."
                    .into(),
                medium: "Das Programm bat darum, dass man das Bild bald ansieht.".into(),
                high: "Das Programm bat darum, dass man das Bild sofort ansieht. Das heißt nicht, dass \
                       Sie krank sind."
                    .into(),
            },
            not_assessed: "Das Programm konnte zu diesem Bild nichts sagen.".into(),
            age: "Es ist nicht für Ihr Alter gemacht.".into(),
            kind: "Es ist nicht für diese Art von Bild gemacht.".into(),
            picture: "Das Bild war dafür nicht klar genug.".into(),
            failure: "Es ging zu der Zeit nicht.".into(),
        },
    }
}

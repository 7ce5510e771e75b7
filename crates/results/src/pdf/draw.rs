//! Lines drawn into a tagged PDF file.

use std::{collections::BTreeMap, num::NonZeroU16};

use chrono::{DateTime, Datelike as _, FixedOffset, Timelike as _};
use krilla::{
    Document as Writer, SerializeSettings,
    configure::{Accessibility, Archival, Configuration, ConfigurationBuilder},
    destination::XyzDestination,
    geom::Point,
    metadata::{DateTime as PdfTime, Metadata},
    outline::{Outline, OutlineNode},
    page::PageSettings,
    surface::Surface,
    tagging::{Artifact, ArtifactType, ContentTag, Identifier, SpanTag, Tag, TagGroup, TagTree},
    text::{Font, TextDirection},
};
use uuid::Uuid;

use super::{
    TITLE,
    fonts::{Face, Fonts},
    layout::{self, Block, Line, MARGIN, PAGE, Run},
};
use crate::{PRODUCT, ResultError};

/// What is said of a file beside its content.
#[derive(Debug, Clone)]
pub(super) struct About {
    /// What stands at the foot of each page.
    pub(super) footer: String,
    /// The case.
    pub(super) report_id: Uuid,
    /// The number of the state.
    pub(super) number: usize,
    /// When the state began.
    pub(super) at: DateTime<FixedOffset>,
}

/// Draws the blocks, each as a part of the document's structure: as PDF/A and PDF/UA; or, should a rare sign not fit in
/// with these, without the claim, since a report that cannot be read is worse than one that cannot be archived.
pub(super) fn draw(blocks: &[Block], about: &About, fonts: &Fonts) -> Result<Vec<u8>, ResultError> {
    let unwritable = |what: String| ResultError::Unwritable(what);
    let strict = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| unwritable(format!("{error:?}")))?;
    draw_as(strict, blocks, about, fonts)
        .or_else(|_| draw_as(Configuration::default(), blocks, about, fonts))
}

fn draw_as(
    configuration: Configuration,
    blocks: &[Block],
    about: &About,
    fonts: &Fonts,
) -> Result<Vec<u8>, ResultError> {
    let unwritable = |what: String| ResultError::Unwritable(what);
    let mut writer = Writer::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    let mut faces = BTreeMap::new();
    for face in [Face::Regular, Face::Bold, Face::Fallback] {
        let font = Font::new(Fonts::bytes(face).into(), 0)
            .ok_or_else(|| unwritable("a font is damaged".to_owned()))?;
        faces.insert(face as u8, font);
    }
    let lines = layout::lines(blocks, fonts);
    let pages = lines.last().map_or(1, |line| line.page + 1);
    let settings = PageSettings::from_wh(PAGE[0], PAGE[1])
        .ok_or_else(|| unwritable("a page has no size".to_owned()))?;
    let mut leaves: Vec<Vec<_>> = blocks.iter().map(|_| Vec::new()).collect();
    for number in 0..pages {
        let mut page = writer.start_page_with(settings.clone());
        let mut surface = page.surface();
        for line in lines.iter().filter(|line| line.page == number) {
            let leaf = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
            put(&mut surface, line, &faces);
            surface.end_tagged();
            leaves[line.block].push(leaf);
        }
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(
            ArtifactType::Footer,
        )));
        put(
            &mut surface,
            &foot(&about.footer, number + 1, pages, fonts),
            &faces,
        );
        surface.end_tagged();
        surface.finish();
        page.finish();
    }
    writer.set_tag_tree(tree(blocks, leaves));
    writer.set_outline(outline(blocks, &lines));
    writer.set_metadata(metadata(about));
    writer
        .finish()
        .map_err(|error| unwritable(format!("{error:?}")))
}

fn put(surface: &mut Surface<'_>, line: &Line, faces: &BTreeMap<u8, Font>) {
    for run in &line.runs {
        surface.draw_text(
            Point::from_xy(run.x, line.y),
            faces[&(run.face as u8)].clone(),
            line.size,
            &run.text,
            false,
            TextDirection::LeftToRight,
        );
    }
}

/// Whose report it is, on every page; cut where it would not fit beside the page's number.
fn foot(text: &str, number: usize, pages: usize, fonts: &Fonts) -> Line {
    let size = 8.0;
    let right = format!("Page {number} of {pages}");
    let mut runs: Vec<Run> = Vec::new();
    let mut x = MARGIN;
    let room = PAGE[0] - MARGIN - 80.0;
    for sign in text.chars() {
        let face = fonts.face_of(sign, Face::Regular).unwrap_or(Face::Regular);
        if x > room {
            break;
        }
        match runs.last_mut().filter(|run| run.face == face) {
            Some(run) => run.text.push(sign),
            None => runs.push(Run {
                face,
                text: sign.to_string(),
                x,
            }),
        }
        x += fonts.width(sign, face) * size;
    }
    runs.push(Run {
        face: Face::Regular,
        text: right,
        x: PAGE[0] - MARGIN - 60.0,
    });
    Line {
        block: 0,
        page: number - 1,
        y: PAGE[1] - 36.0,
        size,
        runs,
    }
}

fn tree(blocks: &[Block], leaves: Vec<Vec<Identifier>>) -> TagTree {
    let mut tree = TagTree::new();
    for (block, leaves) in blocks.iter().zip(leaves) {
        let level = |level: u16, title: &str| {
            let level = NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN);
            TagGroup::new(Tag::Hn(level, Some(title.to_owned())))
        };
        let mut group = match block {
            Block::Title(text) => level(1, text),
            Block::Heading(text) => level(2, text),
            Block::Text { .. } | Block::Notice(_) => TagGroup::new(Tag::P),
        };
        for leaf in leaves {
            group.push(leaf);
        }
        tree.push(group);
    }
    tree.with_lang(Some("en".to_owned()))
}

fn outline(blocks: &[Block], lines: &[Line]) -> Outline {
    let mut outline = Outline::new();
    for (number, block) in blocks.iter().enumerate() {
        let (Block::Title(text) | Block::Heading(text)) = block else {
            continue;
        };
        if let Some(line) = lines.iter().find(|line| line.block == number) {
            let top = Point::from_xy(MARGIN, line.y - line.size);
            let place = XyzDestination::new(line.page, top);
            outline.push_child(OutlineNode::new(text.clone(), place));
        }
    }
    outline
}

fn metadata(about: &About) -> Metadata {
    let (at, offset) = (about.at, *about.at.offset());
    let byte = |number: u32| u8::try_from(number).unwrap_or_default();
    let hours = offset.local_minus_utc() / 3_600;
    let minutes = offset.local_minus_utc().abs() % 3_600 / 60;
    let created = PdfTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(byte(at.month()))
        .day(byte(at.day()))
        .hour(byte(at.hour()))
        .minute(byte(at.minute()))
        .second(byte(at.second()))
        .utc_offset_hour(i8::try_from(hours).unwrap_or_default())
        .utc_offset_minute(u8::try_from(minutes).unwrap_or_default());
    let report = about.report_id;
    Metadata::new()
        .title(format!("{TITLE} {report}"))
        .language("en".to_owned())
        .creator(PRODUCT.to_owned())
        .producer(PRODUCT.to_owned())
        .creation_date(created)
        .document_id(format!("{report}-{}", about.number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn about() -> About {
        About {
            footer: "Ada King".to_owned(),
            report_id: Uuid::from_u128(7),
            number: 1,
            at: DateTime::from_timestamp(1_795_000_000, 0)
                .unwrap()
                .fixed_offset(),
        }
    }

    #[test]
    fn every_sign_that_the_fonts_have_is_drawn_by_the_standards_for_archives() {
        let fonts = Fonts::read().unwrap();
        let signs: String = ('\0'..=char::MAX)
            .filter(|sign| fonts.face_of(*sign, Face::Regular).is_some())
            .collect();
        assert!(signs.chars().count() > 30_000);
        let blocks = [Block::Title("Signs".to_owned()), Block::text(&signs)];
        let strict = ConfigurationBuilder::new()
            .with_archival_validator(Archival::A2_A)
            .with_accessibility_validator(Accessibility::UA1)
            .finish()
            .unwrap();
        draw_as(strict, &blocks, &about(), &fonts).unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_text_is_drawn(text in proptest::collection::vec(any::<char>(), 0..40)) {
            let fonts = Fonts::read().unwrap();
            let text: String = text.into_iter().collect();
            let text = format!("Latin {}\n\n\u{301}end", fonts.writable(&text).0);
            draw(&[Block::Title("T".to_owned()), Block::text(&text)], &about(), &fonts).unwrap();
        }
    }
}

//! Comments and application data inside compressed images, where cameras and workstations write
//! names. They are blanked in place, so that no offset changes.

/// Blanks comments (COM) and application segments other than those a decoder needs (JFIF in APP0,
/// the colour transforms in APP8 and APP14) of JPEG and JPEG-LS, and comments of JPEG 2000.
pub(super) fn blank(stream: &mut [u8]) {
    match stream {
        [0xFF, 0xD8, ..] => blank_segments(stream, &[0xFE], true),
        [0xFF, 0x4F, 0xFF, 0x51, ..] => blank_segments(stream, &[0x64], false),
        _ => {}
    }
}

/// Walks marker segments (T.81 B.1.1.4, T.800 A.1.1) up to the first scan or tile.
fn blank_segments(stream: &mut [u8], comments: &[u8], jpeg: bool) {
    let mut at = 2;
    while let Some([0xFF, marker, high, low]) = stream
        .get(at..at + 4)
        .map(|head| [head[0], head[1], head[2], head[3]])
    {
        let ends_head = if jpeg {
            matches!(marker, 0xDA | 0xD9)
        } else {
            matches!(marker, 0x90 | 0x93 | 0xD9)
        };
        if ends_head {
            return;
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        let end = (at + 2 + length).min(stream.len());
        let application = jpeg && matches!(marker, 0xE1..=0xE7 | 0xE9..=0xED | 0xEF);
        if length >= 2 && (comments.contains(&marker) || application) {
            // JPEG 2000 says in two bytes what kind of comment it is.
            let kept = if jpeg { 4 } else { 6 };
            if let Some(body) = stream.get_mut(at + kept..end) {
                body.fill(b' ');
            }
        }
        if length < 2 {
            return;
        }
        at = end;
    }
}

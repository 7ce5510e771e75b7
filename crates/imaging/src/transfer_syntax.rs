//! Transfer syntaxes (PS3.6 Table A-1): their names, and which ones are decoded here.

/// Deflated Image Frame Compression (PS3.5 A.4.13).
pub const DEFLATED_FRAMES: &str = "1.2.840.10008.1.2.8.1";

/// Identifier, name, and whether pixels in it are decoded.
const KNOWN: &[(&str, &str, bool)] = &[
    ("1.2.840.10008.1.2", "Implicit VR Little Endian", true),
    ("1.2.840.10008.1.2.1", "Explicit VR Little Endian", true),
    (
        "1.2.840.10008.1.2.1.98",
        "Encapsulated Uncompressed Explicit VR Little Endian",
        false,
    ),
    (
        "1.2.840.10008.1.2.1.99",
        "Deflated Explicit VR Little Endian",
        true,
    ),
    ("1.2.840.10008.1.2.2", "Explicit VR Big Endian", true),
    ("1.2.840.10008.1.2.4.50", "JPEG Baseline", true),
    ("1.2.840.10008.1.2.4.51", "JPEG Extended", true),
    ("1.2.840.10008.1.2.4.57", "JPEG Lossless", true),
    (
        "1.2.840.10008.1.2.4.70",
        "JPEG Lossless, First-Order Prediction",
        true,
    ),
    ("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", true),
    ("1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless", true),
    ("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless", true),
    ("1.2.840.10008.1.2.4.91", "JPEG 2000", true),
    ("1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Lossless", false),
    ("1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2", false),
    ("1.2.840.10008.1.2.4.94", "JPIP Referenced", false),
    ("1.2.840.10008.1.2.4.95", "JPIP Referenced Deflate", false),
    (
        "1.2.840.10008.1.2.4.100",
        "MPEG2 Main Profile / Main Level",
        false,
    ),
    (
        "1.2.840.10008.1.2.4.101",
        "MPEG2 Main Profile / High Level",
        false,
    ),
    (
        "1.2.840.10008.1.2.4.102",
        "MPEG-4 AVC/H.264 High Profile",
        false,
    ),
    (
        "1.2.840.10008.1.2.4.103",
        "MPEG-4 AVC/H.264 BD-compatible",
        false,
    ),
    (
        "1.2.840.10008.1.2.4.104",
        "MPEG-4 AVC/H.264 for 2D video",
        false,
    ),
    (
        "1.2.840.10008.1.2.4.105",
        "MPEG-4 AVC/H.264 for 3D video",
        false,
    ),
    ("1.2.840.10008.1.2.4.106", "MPEG-4 AVC/H.264 stereo", false),
    ("1.2.840.10008.1.2.4.107", "HEVC/H.265 Main Profile", false),
    (
        "1.2.840.10008.1.2.4.108",
        "HEVC/H.265 Main 10 Profile",
        false,
    ),
    ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless", false),
    (
        "1.2.840.10008.1.2.4.111",
        "JPEG XL JPEG Recompression",
        false,
    ),
    ("1.2.840.10008.1.2.4.112", "JPEG XL", false),
    (
        "1.2.840.10008.1.2.4.201",
        "High-Throughput JPEG 2000 Lossless",
        true,
    ),
    (
        "1.2.840.10008.1.2.4.202",
        "High-Throughput JPEG 2000 with RPCL Options Lossless",
        true,
    ),
    ("1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000", true),
    ("1.2.840.10008.1.2.4.204", "JPIP HTJ2K Referenced", false),
    (
        "1.2.840.10008.1.2.4.205",
        "JPIP HTJ2K Referenced Deflate",
        false,
    ),
    ("1.2.840.10008.1.2.5", "RLE Lossless", true),
    (DEFLATED_FRAMES, "Deflated Image Frame Compression", true),
    (
        "1.2.840.113619.5.2",
        "GE private implicit, big endian pixels",
        true,
    ),
];

/// The name of a transfer syntax; "unknown" when there is none.
#[must_use]
pub fn name(uid: &str) -> &'static str {
    KNOWN
        .iter()
        .find(|(known, ..)| *known == uid)
        .map_or("unknown", |(_, name, _)| name)
}

/// Whether pixels in this transfer syntax are decoded here.
#[must_use]
pub fn is_decodable(uid: &str) -> bool {
    KNOWN
        .iter()
        .any(|(known, _, decodable)| *known == uid && *decodable)
}

/// The identifiers of all transfer syntaxes that are known by name: films in them are stored as they are.
pub fn known() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|(uid, ..)| *uid)
}

/// The identifiers of all transfer syntaxes whose pixels are decoded here, for presentation
/// contexts and the conformance statement.
pub fn decodable() -> impl Iterator<Item = &'static str> {
    KNOWN
        .iter()
        .filter(|(.., decodable)| *decodable)
        .map(|(uid, ..)| *uid)
}

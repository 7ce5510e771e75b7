//! The inverse cosine transform for 12-bit samples.

const FRACTION: i32 = 13;
/// Extra bits kept between the two passes; 12-bit samples leave room for one.
const PASS: i32 = 1;

/// One dimension of the inverse transform, results scaled by `2^FRACTION`.
#[inline]
fn inverse_row(v: [i64; 8]) -> [i64; 8] {
    const F_0_298: i64 = 2446;
    const F_0_390: i64 = 3196;
    const F_0_541: i64 = 4433;
    const F_0_765: i64 = 6270;
    const F_0_899: i64 = 7373;
    const F_1_175: i64 = 9633;
    const F_1_501: i64 = 12299;
    const F_1_847: i64 = 15137;
    const F_1_961: i64 = 16069;
    const F_2_053: i64 = 16819;
    const F_2_562: i64 = 20995;
    const F_3_072: i64 = 25172;
    // Even part.
    let z = (v[2] + v[6]) * F_0_541;
    let (t2, t3) = (z - v[6] * F_1_847, z + v[2] * F_0_765);
    let (t0, t1) = ((v[0] + v[4]) << FRACTION, (v[0] - v[4]) << FRACTION);
    let even = [t0 + t3, t1 + t2, t1 - t2, t0 - t3];
    // Odd part.
    let (z1, z2, z3, z4) = (v[7] + v[1], v[5] + v[3], v[7] + v[3], v[5] + v[1]);
    let z5 = (z3 + z4) * F_1_175;
    let (z1, z2) = (-z1 * F_0_899, -z2 * F_2_562);
    let (z3, z4) = (z5 - z3 * F_1_961, z5 - z4 * F_0_390);
    let odd = [
        v[1] * F_1_501 + z1 + z4,
        v[3] * F_3_072 + z2 + z3,
        v[5] * F_2_053 + z2 + z4,
        v[7] * F_0_298 + z1 + z3,
    ];
    [
        even[0] + odd[0],
        even[1] + odd[1],
        even[2] + odd[2],
        even[3] + odd[3],
        even[3] - odd[3],
        even[2] - odd[2],
        even[1] - odd[1],
        even[0] - odd[0],
    ]
}

/// Writes the 8 x 8 samples of a block at the start of `out`, whose rows are `stride` apart.
pub(super) fn inverse_transform(coefficients: &[i32; 64], out: &mut [u16], stride: usize) {
    let descale = |value: i64, bits: i32| (value + (1 << (bits - 1))) >> bits;
    let mut work = [0_i64; 64];
    for column in 0..8 {
        let input = std::array::from_fn(|row| i64::from(coefficients[row * 8 + column]));
        for (row, value) in inverse_row(input).into_iter().enumerate() {
            work[row * 8 + column] = descale(value, FRACTION - PASS);
        }
    }
    for row in 0..8 {
        let input = std::array::from_fn(|column| work[row * 8 + column]);
        for (column, value) in inverse_row(input).into_iter().enumerate() {
            out[row * stride + column] =
                (descale(value, FRACTION + PASS + 3) + 2048).clamp(0, 4095) as u16;
        }
    }
}

use std::time::Instant;

use super::*;

/// What generating costs, printed: `cargo test --lib --release pictures_a_second -- --ignored --nocapture`.
#[test]
#[ignore = "measures, asserts nothing"]
fn pictures_a_second() {
    const COUNT: u64 = 10_000;
    let objects = Objects::new(1);
    let start = Instant::now();
    let area: usize =
        (0..COUNT).map(|index| objects.scene(Split::Train, index).example().mask.map_or(0, |mask| mask.area())).sum();
    let seconds = start.elapsed().as_secs_f64();
    println!("{:.0} pictures a second, {:.1} pixels an object", COUNT as f64 / seconds, area as f64 / COUNT as f64);
}

#[test]
#[ignore = "dump"]
fn dump() {
    use std::io::Write;
    let objects = Objects::new(0);
    let n: u64 = std::env::var("DUMP_N").unwrap().parse().unwrap();
    let mut f = std::io::BufWriter::new(std::fs::File::create(std::env::var("DUMP").unwrap()).unwrap());
    for index in 0..n {
        let e = objects.scene(Split::Train, index).example();
        f.write_all(&[e.label as u8]).unwrap();
        f.write_all(e.image.as_raw()).unwrap();
    }
    for index in 0..4000 {
        let e = objects.scene(Split::Test, index).example();
        f.write_all(&[e.label as u8]).unwrap();
        f.write_all(e.image.as_raw()).unwrap();
    }
}

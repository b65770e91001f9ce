//! Convolution kernels alone, every algorithm that fits: `cargo bench --bench kernels [-- THREADS]`.

use std::time::{Duration, Instant};

use gatescope::compute::engine::kernels::conv::{Algorithm, Conv, Recipe, Residual};
use gatescope::compute::engine::kernels::{Aligned, Crew, Isa, Layout, default_threads};
use gatescope::network::graph::{Conv2d, Op, Shape};

/// The layers of ResNets and of ResNeXt: geometry and input.
fn layers() -> Vec<(&'static str, Conv2d, Shape)> {
    vec![
        ("stem 7x7", Conv2d::new(64, 7).stride(2), Shape::map(3, 224, 224)),
        ("1x1 256-64 at 56", Conv2d::new(64, 1), Shape::map(256, 56, 56)),
        ("1x1 64-256 at 56", Conv2d::new(256, 1), Shape::map(64, 56, 56)),
        ("1x1 512-128 at 28", Conv2d::new(128, 1), Shape::map(512, 28, 28)),
        ("1x1 128-512 at 28", Conv2d::new(512, 1), Shape::map(128, 28, 28)),
        ("1x1 1024-256 at 14", Conv2d::new(256, 1), Shape::map(1024, 14, 14)),
        ("1x1 256-1024 at 14", Conv2d::new(1024, 1), Shape::map(256, 14, 14)),
        ("1x1 2048-512 at 7", Conv2d::new(512, 1), Shape::map(2048, 7, 7)),
        ("1x1 512-2048 at 7", Conv2d::new(2048, 1), Shape::map(512, 7, 7)),
        ("1x1 /2 256-512", Conv2d::new(512, 1).stride(2), Shape::map(256, 56, 56)),
        ("3x3 64 at 56", Conv2d::new(64, 3), Shape::map(64, 56, 56)),
        ("3x3 128 at 28", Conv2d::new(128, 3), Shape::map(128, 28, 28)),
        ("3x3 256 at 14", Conv2d::new(256, 3), Shape::map(256, 14, 14)),
        ("3x3 512 at 7", Conv2d::new(512, 3), Shape::map(512, 7, 7)),
        ("3x3 /2 128 at 56", Conv2d::new(128, 3).stride(2), Shape::map(128, 56, 56)),
        ("3x3 /2 512 at 14", Conv2d::new(512, 3).stride(2), Shape::map(512, 14, 14)),
        ("3x3 128 in 32 groups", Conv2d::new(128, 3).groups(32), Shape::map(128, 56, 56)),
        ("3x3 256 in 32 groups", Conv2d::new(256, 3).groups(32), Shape::map(256, 28, 28)),
        ("3x3 512 in 32 groups", Conv2d::new(512, 3).groups(32), Shape::map(512, 14, 14)),
        ("3x3 1024 in 32 groups", Conv2d::new(1024, 3).groups(32), Shape::map(1024, 7, 7)),
        ("3x3 depthwise 96", Conv2d::new(96, 3).groups(96), Shape::map(96, 56, 56)),
        ("linear 2048-1000", Conv2d::new(1000, 1), Shape::vector(2048)),
    ]
}

fn main() {
    let threads = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or_else(default_threads);
    let (crew, isa) = (Crew::new(threads), Isa::detect());
    println!("{} threads, {}", crew.threads(), isa.name());
    for (name, conv, from) in layers() {
        let to = match from.is_map() {
            true => Op::Conv2d(conv).output_shape(&[from]).expect("fits"),
            false => Shape::vector(conv.out_channels),
        };
        let layout = Layout::of(from);
        let chosen = Algorithm::for_conv(&conv, from, to, layout);
        let ordinary = conv.kernel == [3, 3] && conv.stride == [1, 1] && conv.groups == 1;
        let mut all = vec![Algorithm::Direct];
        if ordinary {
            all.extend([Algorithm::Winograd(2), Algorithm::Winograd(4)]);
        }
        if !all.contains(&chosen) {
            all.push(chosen);
        }
        let inner = from.channels() / conv.groups * conv.kernel[0] * conv.kernel[1];
        let weight = vec![0.01; conv.out_channels * inner];
        let recipe = Recipe { conv, from, to, layout, weight: &weight, scale: None, bias: &[], batch: 1 };
        for algorithm in all {
            let kernel = Conv::with(algorithm, isa, &crew, &recipe);
            let input = Aligned::zeros(layout.length(from));
            let mut output = Aligned::zeros(Layout::Blocked.length(to));
            let best = (0..40).map(|_| time(|| kernel.run(&crew, &input, &mut output, Residual::None, true))).min();
            let best = best.unwrap_or_default().as_secs_f64();
            let macs = (weight.len() * to.height() * to.width()) as f64;
            let mark = if algorithm == chosen { "*" } else { " " };
            let (ms, speed) = (best * 1e3, 2.0 * macs / best / 1e9);
            println!("{name:24} {:14}{mark} {ms:7.3} ms {speed:7.1} GF/s", algorithm.to_string());
        }
    }
}

fn time(mut work: impl FnMut()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

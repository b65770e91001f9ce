//! Convolution kernels alone, every algorithm that fits, then the gradients of layers that are trained:
//! `cargo bench --bench kernels [-- THREADS]`.

use std::time::{Duration, Instant};

use gatescope::compute::engine::kernels::activation::Activation;
use gatescope::compute::engine::kernels::conv::{Algorithm, Conv, ConvGradient, Recipe, Residual};
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
    forward(&crew, isa);
    gradients(&crew, isa);
}

fn forward(crew: &Crew, isa: Isa) {
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
            let kernel = Conv::with(algorithm, isa, crew, &recipe);
            let input = Aligned::zeros(layout.length(from));
            let mut output = Aligned::zeros(Layout::Blocked.length(to));
            let best = (0..40)
                .map(|_| time(|| kernel.run(crew, &input, &mut output, Residual::None, Some(Activation::Relu))))
                .min();
            let best = best.unwrap_or_default().as_secs_f64();
            let macs = (weight.len() * to.height() * to.width()) as f64;
            let mark = if algorithm == chosen { "*" } else { " " };
            let (ms, speed) = (best * 1e3, 2.0 * macs / best / 1e9);
            println!("{name:24} {:14}{mark} {ms:7.3} ms {speed:7.1} GF/s", algorithm.to_string());
        }
    }
}

/// Layers that are trained: of small networks, 64 images at a time, and of ResNet-18, 8 at a time.
fn trained() -> Vec<(&'static str, Conv2d, Shape, usize)> {
    vec![
        ("3x3 3-16 at 64", Conv2d::new(16, 3), Shape::map(3, 64, 64), 64),
        ("3x3 16 at 32", Conv2d::new(16, 3), Shape::map(16, 32, 32), 64),
        ("3x3 32 at 32", Conv2d::new(32, 3), Shape::map(32, 32, 32), 64),
        ("3x3 /2 16-32 at 32", Conv2d::new(32, 3).stride(2), Shape::map(16, 32, 32), 64),
        ("1x1 /2 16-32 at 32", Conv2d::new(32, 1).stride(2), Shape::map(16, 32, 32), 64),
        ("3x3 32 at 16", Conv2d::new(32, 3), Shape::map(32, 16, 16), 64),
        ("3x3 64 at 8", Conv2d::new(64, 3), Shape::map(64, 8, 8), 64),
        ("7x7 64 /2 at 224", Conv2d::new(64, 7).stride(2), Shape::map(3, 224, 224), 8),
        ("3x3 64 at 56", Conv2d::new(64, 3), Shape::map(64, 56, 56), 8),
        ("3x3 /2 64-128 at 56", Conv2d::new(128, 3).stride(2), Shape::map(64, 56, 56), 8),
        ("3x3 128 at 28", Conv2d::new(128, 3), Shape::map(128, 28, 28), 8),
        ("3x3 256 at 14", Conv2d::new(256, 3), Shape::map(256, 14, 14), 8),
        ("3x3 512 at 7", Conv2d::new(512, 3), Shape::map(512, 7, 7), 8),
        ("3x3 depthwise 96", Conv2d::new(96, 3).groups(96), Shape::map(96, 56, 56), 8),
        ("3x3 128 in 32 groups", Conv2d::new(128, 3).groups(32), Shape::map(128, 56, 56), 8),
    ]
}

/// What a training step does with a layer: new weights, forward, and both gradients.
fn gradients(crew: &Crew, isa: Isa) {
    println!("\n{:24} {:>22} {:>22} {:>22} {:>9}", "", "forward", "input's gradient", "weights' gradient", "packing");
    for (name, conv, from, batch) in trained() {
        let to = Op::Conv2d(conv).output_shape(&[from]).expect("fits");
        let layout = Layout::of(from);
        let weight = vec![0.01; conv.out_channels * from.channels() / conv.groups * conv.kernel[0] * conv.kernel[1]];
        let recipe = Recipe { conv, from, to, layout, weight: &weight, scale: None, bias: &[], batch };
        let mut kernel = Conv::new(isa, crew, &recipe);
        let mut gradient = ConvGradient::new(isa, crew, conv, from, to, batch);
        let (x, mut of_x) = (Aligned::zeros(layout.length(from) * batch), Aligned::zeros(layout.length(from) * batch));
        let mut y = Aligned::zeros(Layout::Blocked.length(to) * batch);
        let mut of_weight = vec![0.0; weight.len()];
        let operations = 2.0 * (weight.len() * to.height() * to.width() * batch) as f64;
        print!("{name:24}");
        let show = |work: &mut dyn FnMut()| {
            let best = (0..10).map(|_| time(&mut *work)).min().unwrap_or_default().as_secs_f64();
            print!("{:8.3} ms {:6.1} GF/s", best * 1e3, operations / best / 1e9);
        };
        show(&mut || kernel.run(crew, &x, &mut y, Residual::None, None));
        show(&mut || gradient.input(crew, &weight, &y, &mut of_x, false));
        show(&mut || gradient.weight(crew, &x, &y, &mut of_weight, None));
        let packing = (0..10).map(|_| time(|| kernel.repack(crew, &weight))).min().unwrap_or_default();
        println!("{:7.3} ms", packing.as_secs_f64() * 1e3);
    }
}

fn time(mut work: impl FnMut()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

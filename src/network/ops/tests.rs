//! What holds of every operator, and the rules of some.

use super::*;

#[test]
fn same_pads_what_the_last_window_needs() {
    // timm's get_same_padding(x, k, s, d), in front and more behind.
    for ([size, kernel, stride, dilation], want) in [
        ([224, 3, 2, 1], (0, 1)),
        ([225, 3, 2, 1], (1, 0)),
        ([112, 5, 2, 1], (1, 1)),
        ([15, 5, 2, 1], (2, 0)),
        ([14, 3, 1, 2], (2, 0)),
        ([14, 1, 2, 1], (0, 0)),
        ([7, 1, 2, 1], (0, 0)),
        ([1, 3, 2, 1], (1, 0)),
        ([2, 7, 2, 1], (2, 1)),
    ] {
        let conv = Conv2d::new(8, kernel).stride(stride).dilated(dilation).same([size, size]);
        assert_eq!((conv.padding[1], conv.trailing[1]), want, "{size} {kernel} {stride} {dilation}");
    }
    let shrinking = Conv2d::new(8, 3).without_padding().stride(2);
    assert_eq!(shrinking.same([299, 299]), shrinking, "what shrinks by design");
    assert_eq!(Pool2d::new(3, 2).ceil().same([112, 112]), Pool2d::new(3, 2).ceil());
    let pool = Pool2d::new(3, 2).padded(1).same([112, 111]);
    assert_eq!((pool.padding, pool.trailing), ([0, 1], [1, 0]));
}

#[test]
fn a_layer_says_how_it_is_dilated_and_padded() {
    let dilated = Op::Conv2d(Conv2d::new(64, 3).dilated(4)).detail();
    let uneven = Op::Conv2d(Conv2d::new(32, 3).stride(2).same([224, 224])).detail();
    assert_eq!((&*dilated, &*uneven), ("3×3, 64, d4", "3×3, 32, /2, pad 0+1"));
}

#[test]
fn a_subsample_is_named_as_people_count() {
    let detail = |stride| Op::Subsample { stride }.detail();
    assert_eq!([2, 3, 4, 12, 22].map(detail), ["every 2nd", "every 3rd", "every 4th", "every 12th", "every 22nd"]);
}

fn pool(kernel: usize, stride: usize, padding: usize, ceil_mode: bool) -> Op {
    Op::MaxPool(Pool2d { ceil_mode, ..Pool2d::new(kernel, stride).padded(padding) })
}

#[test]
fn pooling_sizes_are_pytorchs() {
    for (op, size, want) in [
        (pool(3, 2, 1, false), 112, 56),
        (pool(3, 2, 0, true), 112, 56),
        (pool(3, 2, 0, false), 112, 55),
        (pool(2, 2, 1, true), 3, 2),
        (pool(3, 2, 1, false), 1, 1),
        (pool(2, 2, 0, true), 7, 4),
        (pool(2, 2, 0, true), 1, 1),
    ] {
        assert_eq!(op.output_shape(&[Shape::map(8, size, size)]), Ok(Shape::map(8, want, want)), "{op:?} {size}");
    }
}

#[test]
fn a_window_larger_than_its_input_is_refused() {
    let conv = Op::Conv2d(Conv2d::new(8, 7).without_padding());
    let error = conv.output_shape(&[Shape::map(3, 4, 4)]).expect_err("does not fit");
    assert_eq!(error.to_string(), "a 7x7 window does not fit its 3×4×4 input, use a larger input");
}

#[test]
fn gates_broadcast_over_maps_only_where_they_fit() {
    let map = Shape::map(8, 5, 6);
    for (gate, fine) in [
        (Shape::vector(8), true),
        (Shape::map(8, 1, 1), true),
        (Shape::map(1, 5, 6), true),
        (Shape::map(8, 5, 1), true),
        (Shape::map(8, 1, 6), true),
        (map, true),
        (Shape::vector(5), false),
        (Shape::map(1, 6, 5), false),
        (Shape::plane(5, 6), false),
    ] {
        let want = fine.then_some(map);
        assert_eq!(Op::Scale.output_shape(&[map, gate]).ok(), want, "{gate}");
        assert_eq!(Op::Add.output_shape(&[map, gate]).ok(), want, "{gate}");
    }
    let both = Op::Scale.output_shape(&[Shape::vector(8), Shape::map(1, 5, 6)]);
    assert_eq!(both, Ok(map), "what neither has alone");
}

#[test]
fn products_know_positions_from_channels() {
    let product = |product, a, b| Op::MatMul { product }.output_shape(&[a, b]).ok();
    let (queries, keys) = (Shape::map(4, 2, 3), Shape::map(4, 5, 1));
    assert_eq!(product(Product::Similarity, queries, keys), Some(Shape::map(6, 5, 1)));
    assert_eq!(product(Product::Similarity, queries, Shape::map(3, 2, 3)), None);
    let (values, weights) = (Shape::map(7, 2, 3), Shape::map(6, 2, 3));
    assert_eq!(product(Product::Weighted, values, weights), Some(values));
    assert_eq!(product(Product::Weighted, values, Shape::map(1, 2, 3)), Some(Shape::map(7, 1, 1)));
    assert_eq!(product(Product::Weighted, values, keys), None);
}

/// Every operator on inputs that fit. The match below has no wildcard: the compiler leads one that is new to the list.
fn every_operator() -> Vec<(Op, Vec<Shape>)> {
    let map = Shape::map(4, 6, 8);
    let strip = Conv2d { dilation: [2, 2], stride: [1, 2], padding: [0, 6], ..Conv2d::oblong(5, 1, 7) };
    let along = Op::ChannelConv1d { inputs: 1, outputs: 1, kernel: 3, circular: false, bias: true };
    let operators = [
        Op::Input,
        Op::Conv2d(Conv2d::new(6, 3).with_bias().groups(2)),
        Op::Conv2d(strip),
        Op::Linear { out_features: 7, bias: true },
        along,
        Op::BatchNorm { eps: 1e-5 },
        Op::GroupNorm { groups: 2, eps: 1e-5 },
        Op::Relu,
        Op::Relu6,
        Op::Sigmoid,
        Op::Tanh,
        Op::HardSigmoid,
        Op::Silu,
        Op::HardSwish,
        Op::Times { factor: 0.5 },
        Op::MaxPool(Pool2d::new(3, 2).padded(1)),
        Op::AvgPool(Pool2d::new(2, 2)),
        Op::BlurPool { stride: 2 },
        Op::Renormalise { scale: [0.5; 3], shift: [0.1; 3] },
        Op::AdaptiveAvgPool { size: 3 },
        Op::GlobalAvgPool,
        Op::GlobalMaxPool,
        Op::MeanOverWidth,
        Op::MeanOverHeight,
        Op::SoftmaxPositions,
        Op::Energy { lambda: 1e-4 },
        Op::StylePool { eps: 1e-5 },
        Op::Transpose { axis: 1 },
        Op::Transpose { axis: 2 },
        Op::SoftmaxPaths { paths: 2 },
        Op::MatMul { product: Product::Similarity },
        Op::MatMul { product: Product::Weighted },
        Op::ChannelMean,
        Op::ChannelMax,
        Op::Concat,
        Op::ChannelSlice { start: 1, length: 2 },
        Op::ChannelShuffle { groups: 2 },
        Op::Add,
        Op::Scale,
        Op::Flatten,
        Op::Subsample { stride: 2 },
        Op::PadChannels { before: 1, after: 2 },
    ];
    let inputs = |op: &Op| match op {
        Op::ChannelConv1d { .. } | Op::SoftmaxPaths { .. } => vec![Shape::map(4, 1, 1)],
        Op::Renormalise { .. } => vec![Shape::map(3, 6, 8)],
        Op::MatMul { product: Product::Similarity } | Op::Concat | Op::Add => vec![map, map],
        Op::MatMul { product: Product::Weighted } => vec![map, Shape::map(48, 6, 8)],
        Op::Scale => vec![map, Shape::map(4, 1, 1)],
        Op::Input | Op::Conv2d(_) | Op::Linear { .. } | Op::BatchNorm { .. } | Op::GroupNorm { .. } => vec![map],
        Op::Relu | Op::Relu6 | Op::Sigmoid | Op::Tanh | Op::HardSigmoid | Op::Silu | Op::HardSwish => vec![map],
        Op::Times { .. } | Op::MaxPool(_) | Op::AvgPool(_) | Op::BlurPool { .. } => vec![map],
        Op::AdaptiveAvgPool { .. } | Op::GlobalAvgPool | Op::GlobalMaxPool | Op::MeanOverWidth => vec![map],
        Op::Energy { .. } | Op::MeanOverHeight | Op::SoftmaxPositions | Op::ChannelMean | Op::ChannelMax => vec![map],
        Op::ChannelSlice { .. } | Op::ChannelShuffle { .. } | Op::Flatten => vec![map],
        Op::StylePool { .. } | Op::Transpose { .. } => vec![map],
        Op::Subsample { .. } | Op::PadChannels { .. } => vec![map],
    };
    operators.into_iter().map(|op| (op, inputs(&op))).collect()
}

#[test]
fn every_operator_counts_its_inputs() {
    for (op, inputs) in every_operator() {
        let arity = op.spec().arity();
        assert!(arity.contains(&inputs.len()), "{op:?}");
        let wrong = [arity.start().checked_sub(1), arity.end().checked_add(1)];
        for found in wrong.into_iter().flatten() {
            let error = op.output_shape(&vec![inputs[0]; found]).expect_err("another number of inputs");
            assert_eq!(error, ShapeError::Inputs { op: op.name(), found }, "{op:?}");
        }
    }
}

#[test]
fn every_operator_has_words_that_fit_a_box() {
    for (op, inputs) in every_operator() {
        let (words, title) = (op.spec().words(), op.spec().title(inputs[0].channels()));
        assert!(!words.name.is_empty() && !words.detail.is_empty() && !title.is_empty(), "{op:?}");
        assert!(words.detail.chars().count() <= 16 && title.chars().count() <= 28, "{op:?}: {}, {title}", words.detail);
        let meets = op.spec().arity() != (1..=1) && !matches!(op, Op::MatMul { .. });
        assert_eq!(words.drawn == Drawn::Join, meets, "{op:?}");
    }
}

/// What `3·3·2·6 + 6` comes to.
fn evaluated(written: &str) -> u64 {
    let product =
        |factors: &str| factors.split('·').map(|factor| factor.parse::<u64>().expect("a number")).product::<u64>();
    if written.is_empty() { 0 } else { written.split(" + ").map(product).sum::<u64>() }
}

#[test]
fn what_is_written_out_is_what_is_counted() {
    for (op, inputs) in every_operator() {
        let Facts { tensors, work, .. } = op.on(&inputs).expect("fits");
        let parameters = tensors.shapes.iter().filter(|(role, _)| role.is_parameter());
        let elements: usize = parameters.map(|(_, shape)| shape.iter().product::<usize>()).sum();
        assert_eq!(tensors.count.value(), elements as u64, "parameters of {op:?}");
        for count in [&tensors.count, &work.macs, &work.products] {
            assert_eq!(evaluated(&count.to_string()), count.value(), "{op:?}: {count}");
        }
        let multiplies = tensors.shapes.iter().any(|(_, shape)| shape.len() > 1);
        assert_eq!(work.macs.value() > 0, multiplies, "a matrix or kernel is multiplied with: {op:?}");
        assert!(work.macs.value() == 0 || work.products.value() == 0, "{op:?}");
    }
}

#[test]
fn tensors_and_products_are_those_counted_by_hand() {
    for (op, inputs) in every_operator() {
        let Facts { tensors, work, .. } = op.on(&inputs).expect("fits");
        let shapes: Vec<&[usize]> = tensors.shapes.iter().map(|(_, shape)| &shape[..]).collect();
        let (want, parameters, macs, products): (&[&[usize]], &str, &str, &str) = match op {
            Op::Conv2d(Conv2d { bias: true, .. }) => (&[&[6, 2, 3, 3], &[6]], "3·3·2·6 + 6", "3·3·2·6·6·8", ""),
            // Every second column of 8 and 12 zeros that a window of 13 fits into.
            Op::Conv2d(_) => (&[&[5, 4, 1, 7]], "1·7·4·5", "1·7·4·5·6·4", ""),
            Op::Linear { .. } => (&[&[7, 4], &[7]], "4·7 + 7", "4·7·48", ""),
            Op::ChannelConv1d { .. } => (&[&[1, 1, 3], &[1]], "3 + 1", "3·4", ""),
            Op::BatchNorm { .. } => (&[&[4], &[4], &[4], &[4]], "2·4", "", ""),
            Op::GroupNorm { .. } => (&[&[4], &[4]], "2·4", "", ""),
            Op::MatMul { product: Product::Similarity } => (&[], "", "", "4·48·6·8"),
            Op::MatMul { product: Product::Weighted } => (&[], "", "", "4·48·48"),
            _ => (&[], "", "", ""),
        };
        assert_eq!(shapes, want, "{op:?}");
        let written = [&tensors.count, &work.macs, &work.products].map(ToString::to_string);
        assert_eq!(written, [parameters, macs, products], "{op:?}");
    }
}

#[test]
fn a_view_does_nothing_and_moves_nothing() {
    for (op, inputs) in every_operator() {
        let Facts { shape, work, tensors, .. } = op.on(&inputs).expect("fits");
        if work.is_view {
            assert_eq!((work, tensors), (Work::view(), Tensors::default()), "{op:?}");
            assert_eq!(shape.elements(), inputs[0].elements(), "{op:?}");
        }
    }
}

#[test]
fn what_makes_fewer_positions_sees_all_it_leaves_out() {
    let whole = |window: Window| window.size == Window::whole(Shape::map(4, 6, 8)).size;
    for (op, inputs) in every_operator() {
        let Facts { shape, follows, .. } = op.on(&inputs).expect("fits");
        let window = match follows {
            Follows::First(window) => window,
            Follows::Every(window) => window(inputs[0]),
        };
        for (axis, [from, to]) in
            [[inputs[0].height(), shape.height()], [inputs[0].width(), shape.width()]].into_iter().enumerate()
        {
            let (size, stride) = (window.size[axis], window.stride[axis]);
            // Behind the last window less than a step may be left; without a step each window sees all.
            let reach = (to - 1) * stride + size + stride.saturating_sub(1);
            let is_seen = matches!(op, Op::MatMul { .. }) || reach >= from;
            assert!(is_seen && size > 0, "{op:?}, axis {axis}: {window:?}");
        }
        let is_global = match op {
            Op::GlobalAvgPool | Op::GlobalMaxPool | Op::SoftmaxPositions | Op::GroupNorm { .. } => true,
            Op::Energy { .. } | Op::StylePool { .. } => true,
            op => matches!(op, Op::Flatten | Op::MatMul { .. }),
        };
        assert_eq!(whole(window), is_global, "{op:?}: {window:?}");
    }
}

#[test]
fn an_operator_says_what_it_needs() {
    let (map, vector) = (Shape::map(6, 4, 5), Shape::vector(6));
    let along = Op::ChannelConv1d { inputs: 1, outputs: 1, kernel: 3, circular: false, bias: false };
    let groups = "its channels do not divide into the groups";
    let pooled = "it needs one value a channel, pool first";
    for (op, input, reason) in [
        (Op::Conv2d(Conv2d::new(8, 3)), vector, "it needs a feature map"),
        (Op::Conv2d(Conv2d::new(8, 3).groups(4)), map, groups),
        (Op::Conv2d(Conv2d::new(8, 3).groups(0)), map, groups),
        (Op::Linear { out_features: 2, bias: true }, Shape::plane(4, 5), "it needs a vector or a map"),
        (along, map, pooled),
        (Op::GroupNorm { groups: 4, eps: 1e-5 }, map, groups),
        (Op::SoftmaxPaths { paths: 2 }, map, pooled),
        (Op::SoftmaxPaths { paths: 4 }, vector, "its channels do not divide into the paths"),
        (Op::BlurPool { stride: 2 }, Shape::map(6, 1, 5), "its border is mirrored, which takes two rows and columns"),
        (
            Op::Renormalise { scale: [1.0; 3], shift: [0.0; 3] },
            map,
            "its numbers are for the three channels of a picture",
        ),
        (Op::Energy { lambda: 1e-4 }, vector, "it compares positions, of which there is one"),
        (Op::StylePool { eps: 1e-5 }, vector, "it compares positions, of which there is one"),
        (Op::Transpose { axis: 1 }, vector, "it needs a feature map"),
        (Op::Transpose { axis: 3 }, map, "it needs a feature map"),
        (Op::AdaptiveAvgPool { size: 2 }, vector, "it needs a feature map"),
        (Op::ChannelSlice { start: 4, length: 3 }, map, "it has fewer channels"),
        (Op::ChannelShuffle { groups: 4 }, map, groups),
    ] {
        let error = op.output_shape(&[input]).expect_err(reason);
        assert_eq!(error, ShapeError::Unfit { op: op.name(), input, reason }, "{op:?}");
    }
    let b = Shape::map(6, 5, 4);
    let error = Op::Concat.output_shape(&[map, b]).expect_err("other sides");
    assert_eq!(error, ShapeError::Disagree { op: "Concat", a: map, b });
}

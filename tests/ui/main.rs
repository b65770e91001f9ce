//! The window, driven through its accessibility tree as a screen reader would, and looked at as a person would.

mod behaviour;
mod checkpoints;
mod hub;
mod lab;
mod panels;
mod picker;
mod snapshots;
mod window;

use std::time::{Duration, Instant};

use eframe::egui;
use egui_kittest::Harness;
use gatescope::desktop::App;
use gatescope::desktop::document::{Command, Document, PictureChoice, Project, SavedNetwork, ThemeChoice};
use gatescope::desktop::session::Session;
use gatescope::network::Model;

/// Long enough for two ResNet-50 in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// resnet50 beside resnet50+cbam and a cat, untrained.
fn two_networks() -> Document {
    let networks = ["resnet50", "resnet50+cbam"].map(|spec| SavedNetwork::untrained(Model::parse(spec).expect(spec)));
    let picture = PictureChoice::Sample("cat.png".to_owned());
    Document::of(&Project { networks: networks.into(), active: 1, picture })
}

/// A window with these two, everything inspected.
fn window(size: [f32; 2], theme: ThemeChoice) -> Harness<'static, App> {
    window_with(&Session::beginning_with(two_networks()), size, theme)
}

/// A window as this session restores it, everything inspected.
fn window_with(session: &Session, size: [f32; 2], theme: ThemeChoice) -> Harness<'static, App> {
    let session = session.clone();
    let mut harness = Harness::builder()
        .with_size(size)
        .with_max_steps(64)
        .renderer(renderer())
        .build_eframe(|context| App::new(&context.egui_ctx, session.clone(), Vec::new()).expect("a worker"));
    harness.state_mut().send(Command::SetTheme(theme));
    settle(&mut harness);
    harness
}

/// Steps until the worker has nothing left to do and the window has nothing left to repaint.
fn settle(harness: &mut Harness<'static, App>) {
    let started = Instant::now();
    loop {
        harness.step();
        let app = harness.state();
        // A change waits a moment before it is run: idle must last.
        let changed_recently = app.is_settling();
        if app.jobs().is_idle(app.document()) && !changed_recently {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "the worker does not come to rest");
        std::thread::sleep(Duration::from_millis(20));
    }
    harness.run_ok();
}

/// Is there a Vulkan driver to draw with? Without one, tests look at the accessibility tree only.
fn has_vulkan() -> bool {
    let descriptor = eframe::wgpu::InstanceDescriptor {
        backends: eframe::wgpu::Backends::VULKAN,
        ..eframe::wgpu::InstanceDescriptor::new_without_display_handle()
    };
    let instance = eframe::wgpu::Instance::new(descriptor);
    let adapters = pollster::block_on(instance.enumerate_adapters(eframe::wgpu::Backends::VULKAN));
    !adapters.is_empty()
}

fn renderer() -> impl egui_kittest::TestRenderer + 'static {
    egui_kittest::LazyRenderer::default()
}

/// Presses a shortcut with Ctrl (Cmd on macOS).
fn ctrl(harness: &mut Harness<'static, App>, key: egui::Key) {
    harness.key_press_modifiers(egui::Modifiers::COMMAND, key);
    harness.run_ok();
}

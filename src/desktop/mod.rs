//! What people see: the window. Document, worker, views.

pub mod app;
pub mod dialogs;
pub mod document;
pub mod jobs;
pub mod session;
pub mod ui;

pub use app::App;

use std::path::PathBuf;

use eframe::egui;

use self::session::Session;

/// The window's title and the name of its folder.
const NAME: &str = "gatescope";

/// Opens the window and stays until it is closed; `files` are opened at once.
///
/// # Errors
/// When no renderer works: wgpu is tried first, then OpenGL.
pub fn run(files: &[PathBuf]) -> anyhow::Result<()> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn,wgpu_hal=error")).init();
    let wgpu = match std::env::var("GATESCOPE_RENDERER").as_deref() {
        Ok("glow") => Err("asked for OpenGL".to_owned()),
        _ => open(eframe::Renderer::Wgpu, files),
    };
    let Err(wgpu) = wgpu else { return Ok(()) };
    log::warn!("wgpu does not work here ({wgpu}), trying OpenGL");
    open(eframe::Renderer::Glow, files).map_err(|glow| {
        anyhow::anyhow!(
            "no window could be opened: wgpu says \"{wgpu}\", OpenGL says \"{glow}\"; \
             `gatescope --help` lists what works without one"
        )
    })
}

fn open(renderer: eframe::Renderer, files: &[PathBuf]) -> Result<(), String> {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title(NAME)
            .with_app_id(NAME)
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size([960.0, 600.0])
            .with_drag_and_drop(true),
        renderer,
        ..Default::default()
    };
    let files = files.to_vec();
    let create: eframe::AppCreator<'_> = Box::new(move |context| {
        let app = App::new(&context.egui_ctx, Session::in_user_folder(NAME), files)?;
        Ok(Box::new(app))
    });
    eframe::run_native(NAME, options, create).map_err(|error| error.to_string())
}

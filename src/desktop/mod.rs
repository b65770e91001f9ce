//! What people see: the window. Document, worker, views.

pub mod app;
pub mod dialogs;
pub mod document;
pub mod jobs;
pub mod panels;
pub mod session;
pub mod ui;

pub use app::App;

use eframe::egui;

use self::document::Command;
use self::session::Session;

/// The window's title and the name of its folder.
const NAME: &str = "gatescope";

/// Opens the window and stays until it is closed; `commands` are carried out first.
///
/// # Errors
/// When no renderer works: wgpu is tried first, then OpenGL.
pub fn run(commands: Vec<Command>) -> anyhow::Result<()> {
    env_logger::Builder::from_env(
        env_logger::Env::default().default_filter_or("warn,wgpu_hal=error,egui_system_font_provider=error"),
    )
    .init();
    let wgpu = match std::env::var("GATESCOPE_RENDERER").as_deref() {
        Ok("glow") => Err("asked for OpenGL".to_owned()),
        _ => open(eframe::Renderer::Wgpu, commands.clone()),
    };
    let Err(wgpu) = wgpu else { return Ok(()) };
    log::warn!("wgpu does not work here ({wgpu}), trying OpenGL");
    open(eframe::Renderer::Glow, commands).map_err(|glow| {
        anyhow::anyhow!(
            "no window could be opened: wgpu says \"{wgpu}\", OpenGL says \"{glow}\"; \
             `gatescope --help` lists what works without one"
        )
    })
}

fn open(renderer: eframe::Renderer, commands: Vec<Command>) -> Result<(), String> {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title(NAME)
            .with_app_id(NAME)
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size([480.0, 360.0])
            .with_drag_and_drop(true),
        renderer,
        // The interface brings its own, which looks only when a glyph is missing.
        system_font_fallback: false,
        ..Default::default()
    };
    let create: eframe::AppCreator<'_> =
        Box::new(move |context| Ok(Box::new(App::new(&context.egui_ctx, Session::in_user_folder(NAME), commands)?)));
    eframe::run_native(NAME, options, create).map_err(|error| error.to_string())
}

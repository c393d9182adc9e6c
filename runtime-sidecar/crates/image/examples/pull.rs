//! Pulls one image and prints how long it took: `pull STORE-DIR REFERENCE`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use sidecar_image::{Credentials, ImageStore, PullPolicy};

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(dir), Some(reference), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        eprintln!("usage: pull STORE-DIR REFERENCE");
        return ExitCode::from(2);
    };
    let started = Instant::now();
    let pulled = async {
        let store = ImageStore::open(&PathBuf::from(dir)).await?;
        store
            .pull(&reference, PullPolicy::Always, Credentials::Anonymous, Arc::new(|_| {}))
            .await
    };
    match pulled.await {
        Ok(image) => {
            println!(
                "{} ms, {} layers, {}",
                started.elapsed().as_millis(),
                image.layers.len(),
                image.digest
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error}", error.code());
            ExitCode::FAILURE
        }
    }
}

//! The image of a service.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sidecar_api_types::Phase;
use sidecar_image::{Credentials, Image, ImageError, PullPhase, PullPolicy, PullProgress};
use tokio::time::Instant;
use zlayer_types::spec::PullPolicy as SpecPullPolicy;

use super::{Service, Stuck, failed};
use crate::command::{Command, Deployment};
use crate::events::ImageEventKind;
use crate::reason::{pulling, reason, reason_at};

/// Progress of a pull is reported this often at most.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

impl Service {
    /// The image of the service, looked up once for each deploy.
    pub(super) async fn image(&mut self, deployment: &Deployment) -> Result<Image, Stuck> {
        let Some(spec) = deployment.spec.services.get(&self.name) else {
            return Err(failed(reason("internal", "the service is not in the spec")));
        };
        let reference = spec.image.name.original().to_owned();
        if let Some((deploys, image)) = &self.image
            && *deploys == deployment.deploys
        {
            return Ok(image.clone());
        }
        let resolved = deployment
            .images
            .get(&self.name)
            .filter(|image| image.deploy == deployment.deploys);
        let policy = match (resolved, spec.image.pull_policy) {
            // A new sidecar goes on with what its predecessor found.
            (Some(_), SpecPullPolicy::Always | SpecPullPolicy::Newer) => PullPolicy::IfNotPresent,
            (_, SpecPullPolicy::Always) => PullPolicy::Always,
            (_, SpecPullPolicy::Newer) => PullPolicy::Newer,
            (_, SpecPullPolicy::IfNotPresent) => PullPolicy::IfNotPresent,
            (_, SpecPullPolicy::Never) => PullPolicy::Never,
        };
        let image = self.pull(&reference, policy).await?;
        if resolved.is_none_or(|resolved| resolved.digest != image.digest) {
            let command = Command::ImageResolved {
                deployment: self.deployment.clone(),
                service: self.name.clone(),
                deploy: deployment.deploys,
                digest: image.digest.clone(),
            };
            if let Err(cause) = self.context.store.submit(command).await {
                tracing::warn!(deployment = self.deployment, service = self.name, %cause, "the image's digest is not recorded");
            }
        }
        self.image = Some((deployment.deploys, image.clone()));
        Ok(image)
    }

    async fn pull(&self, reference: &str, policy: PullPolicy) -> Result<Image, Stuck> {
        let path = format!("services.{}.image.name", self.name);
        let fetched = Arc::new(Mutex::new((None::<Instant>, false)));
        let progress = {
            let (context, fetched, path) = (Arc::clone(&self.context), Arc::clone(&fetched), path.clone());
            let (deployment, service) = (self.deployment.clone(), self.name.clone());
            let quiet = !self.replicas.is_empty();
            Arc::new(move |progress: PullProgress| {
                let mut state = fetched.lock().unwrap_or_else(PoisonError::into_inner);
                state.1 |= progress.phase == PullPhase::Fetching;
                if progress.phase == PullPhase::Done || state.0.is_some_and(|last| last.elapsed() < PROGRESS_EVERY) {
                    return;
                }
                state.0 = Some(Instant::now());
                let total = progress.total_bytes.filter(|_| progress.phase != PullPhase::Resolving);
                let reason = pulling(progress.done_bytes, total, path.clone());
                context.board.service(&deployment, &service, |entry| {
                    // What runs goes on running meanwhile.
                    if quiet {
                        entry.note = Some(reason);
                    } else {
                        entry.condition = Some((Phase::Waiting, reason));
                    }
                });
            })
        };
        let pulled = self
            .context
            .images
            .pull(reference, policy, Credentials::Anonymous, progress)
            .await;
        match pulled {
            Ok(image) => {
                if fetched.lock().unwrap_or_else(PoisonError::into_inner).1 {
                    self.context
                        .events
                        .image(ImageEventKind::Pull, reference, Some(image.digest.clone()));
                    self.context.board.images_changed();
                }
                Ok(image)
            }
            Err(error) => {
                let retry = transient(&error);
                let phase = if retry { Phase::Backoff } else { Phase::Failed };
                Err(Stuck {
                    phase,
                    reason: reason_at(error.code(), error.to_string(), path),
                    retry,
                })
            }
        }
    }
}

fn transient(error: &ImageError) -> bool {
    matches!(
        error.code(),
        "registry-unreachable" | "registry-failed" | "disk-full" | "image-store-failed"
    )
}

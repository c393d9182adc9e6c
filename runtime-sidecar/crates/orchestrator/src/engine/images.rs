//! Calls on images.

use std::sync::Arc;

use sidecar_image::{Credentials, Image, PullPolicy, PullProgress};

use super::Engine;
use crate::error::EngineError;
use crate::events::ImageEventKind;

impl Engine {
    pub async fn images(&self) -> Result<Vec<Image>, EngineError> {
        Ok(self.context.images.list().await?)
    }

    /// Pulls an image. Dropping the future cancels.
    pub async fn pull(
        &self,
        reference: &str,
        policy: PullPolicy,
        credentials: Credentials,
        progress: Arc<dyn Fn(PullProgress) + Send + Sync>,
    ) -> Result<Image, EngineError> {
        let image = self
            .context
            .images
            .pull(reference, policy, credentials, progress)
            .await?;
        self.context
            .events
            .image(ImageEventKind::Pull, reference, Some(image.digest.clone()));
        self.context.board.images_changed();
        Ok(image)
    }

    /// Removes an image. Without `force`, one that containers use is an error.
    pub async fn remove_image(&self, reference: &str, force: bool) -> Result<(), EngineError> {
        self.context
            .images
            .remove(reference, &self.images_in_use(), force)
            .await?;
        self.context.events.image(ImageEventKind::Delete, reference, None);
        self.context.board.images_changed();
        Ok(())
    }

    /// Removes all images that no container uses. Returns their references and the bytes freed.
    pub async fn prune_images(&self) -> Result<(Vec<String>, u64), EngineError> {
        let (removed, bytes) = self.context.images.prune(&self.images_in_use()).await?;
        for reference in &removed {
            self.context.events.image(ImageEventKind::Delete, reference, None);
        }
        if !removed.is_empty() {
            self.context.board.images_changed();
        }
        Ok((removed, bytes))
    }

    fn images_in_use(&self) -> Vec<String> {
        self.context
            .containers
            .images_in_use()
            .into_iter()
            .map(|used| used.digest)
            .collect()
    }
}

//! What is kept, for how long, and what removal frees.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use sidecar_image::{Image, ImageStore};
use support::archive::{Archive, Entry};
use support::images::{Built, ImageBuilder};
use support::{contents, pull, store};

struct Shop {
    dir: tempfile::TempDir,
    layouts: tempfile::TempDir,
    store: ImageStore,
}

impl Shop {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir.path().join("store")).await;
        Self {
            layouts: tempfile::tempdir().unwrap(),
            store,
            dir,
        }
    }

    fn image(layers: &[&str]) -> Built {
        layers
            .iter()
            .fold(ImageBuilder::new(), |image, name| {
                image.layer(Archive::of([Entry::file(*name, *name)]).bytes())
            })
            .build()
    }

    /// An image of one file for each layer.
    async fn pull(&self, name: &str, layers: &[&str]) -> Image {
        let layout = self.layouts.path().join(name);
        let reference = Self::image(layers).write_layout(&layout, "1");
        pull(&self.store, &reference).await.unwrap()
    }

    async fn names(&self) -> Vec<String> {
        let images = self.store.list().await.unwrap();
        images
            .iter()
            .map(|i| i.reference.rsplit('/').next().unwrap().to_owned())
            .collect()
    }

    fn layer_count(&self) -> usize {
        contents(&self.dir.path().join("store"))
            .iter()
            .filter(|n| n.len() == 16)
            .count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn images_share_layers_and_free_them_with_the_last() {
    let shop = Shop::new().await;
    let a = shop.pull("a", &["base", "a"]).await;
    let b = shop.pull("b", &["base", "b"]).await;
    assert_eq!(a.layers[1], b.layers[1]);
    assert_eq!(shop.layer_count(), 3);
    assert_eq!(shop.names().await, ["a:1", "b:1"]);
    shop.store.remove(&a.reference, &[], false).await.unwrap();
    assert_eq!(shop.layer_count(), 2);
    assert!(shop.store.get(&a.reference).await.unwrap().is_none());
    assert!(b.layers.iter().all(|layer| layer.is_dir()));
    shop.store.remove(&b.reference, &[], false).await.unwrap();
    assert_eq!(contents(&shop.dir.path().join("store")), [""; 0]);
    assert_eq!(
        shop.store.remove(&b.reference, &[], false).await.unwrap_err().code(),
        "image-not-found"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_in_use_goes_only_by_force_and_its_layers_stay() {
    let shop = Shop::new().await;
    let image = shop.pull("a", &["base", "a"]).await;
    let in_use = [image.digest.clone()];
    let error = shop.store.remove(&image.reference, &in_use, false).await.unwrap_err();
    assert_eq!(error.code(), "image-in-use");
    assert_eq!(shop.names().await, ["a:1"]);
    shop.store.remove(&image.reference, &in_use, true).await.unwrap();
    assert!(shop.names().await.is_empty());
    assert!(image.layers.iter().all(|layer| layer.is_dir()));
    assert_eq!(shop.store.prune(&in_use).await.unwrap(), (vec![], 0));
    assert!(image.layers.iter().all(|layer| layer.is_dir()));
    let (gone, freed) = shop.store.prune(&[]).await.unwrap();
    assert_eq!(gone.len(), 1);
    assert!(gone[0].ends_with(&image.digest) && freed >= 8192, "{gone:?} {freed}");
    assert_eq!(shop.layer_count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_name_for_an_image_in_use_may_go() {
    let shop = Shop::new().await;
    let a = shop.pull("a", &["x"]).await;
    let b = shop.pull("b", &["x"]).await;
    assert_eq!(a.digest, b.digest);
    shop.store
        .remove(&a.reference, std::slice::from_ref(&a.digest), false)
        .await
        .unwrap();
    assert_eq!(shop.names().await, ["b:1"]);
    assert!(b.layers[0].is_dir());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_whose_tag_moved_on_stays_as_long_as_it_is_used() {
    let shop = Shop::new().await;
    let old = shop.pull("a", &["old"]).await;
    let new = shop.pull("a", &["new"]).await;
    assert_eq!(shop.names().await, ["a:1"]);
    shop.store
        .prune(&[old.digest.clone(), new.digest.clone()])
        .await
        .unwrap();
    assert!(old.layers[0].is_dir() && new.layers[0].is_dir());
    shop.store.prune(std::slice::from_ref(&new.digest)).await.unwrap();
    assert!(!old.layers[0].exists() && new.layers[0].is_dir());
    assert_eq!(shop.names().await, ["a:1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn prune_removes_what_no_container_uses() {
    let shop = Shop::new().await;
    let a = shop.pull("a", &["base", "a"]).await;
    let b = shop.pull("b", &["base", "b"]).await;
    let bytes = shop.store.disk_bytes(&a).await.unwrap();
    assert_eq!(bytes, 8192);
    let (gone, freed) = shop.store.prune(std::slice::from_ref(&b.digest)).await.unwrap();
    assert_eq!((gone, freed), (vec![a.reference], 4096));
    assert_eq!(shop.names().await, ["b:1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_is_the_same_after_a_restart() {
    let shop = Shop::new().await;
    let image = shop.pull("a", &["base", "a"]).await;
    let again = ImageStore::open(&shop.dir.path().join("store")).await.unwrap();
    let found = again.get(&image.reference).await.unwrap().unwrap();
    assert_eq!((found.digest, found.layers), (image.digest, image.layers.clone()));
    // Somebody removed a layer by hand: the image is not there any more, and a pull repairs it.
    std::fs::remove_dir_all(&image.layers[0]).unwrap();
    let again = ImageStore::open(&shop.dir.path().join("store")).await.unwrap();
    assert!(again.get(&image.reference).await.unwrap().is_none());
    assert!(again.list().await.unwrap().is_empty());
    pull(&again, &image.reference).await.unwrap();
    assert!(image.layers[0].join("a").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_cannot_be_used_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = ImageStore::open(&file.join("store")).await.err().unwrap();
    assert_eq!(error.code(), "image-store-failed");
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
}

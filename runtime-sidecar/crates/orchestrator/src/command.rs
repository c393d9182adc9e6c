//! The wanted state, and the commands that change it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sidecar_spec::parts::MAX_REPLICAS;
use zlayer_types::spec::{DeploymentSpec, ScaleSpec};

/// What is wanted of one deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    pub name: String,
    /// As the user wrote it.
    pub spec_text: String,
    pub spec: DeploymentSpec,
    /// Counts up with each change of the spec or of the scale.
    pub generation: u64,
    /// Counts up with each deploy, also of an unchanged spec: images are looked up anew once for each.
    pub deploys: u64,
    /// Replicas asked for by hand, by service.
    #[serde(default)]
    pub scale: BTreeMap<String, u32>,
    /// Replicas stopped by hand, by service.
    #[serde(default)]
    pub stopped: BTreeMap<String, BTreeSet<u32>>,
    /// Values of the variables that the spec takes with `$E:`, as they were when it was deployed.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Digests that the image references stood for, by service.
    #[serde(default)]
    pub images: BTreeMap<String, ResolvedImage>,
    /// Milliseconds since the Unix epoch.
    pub created_at_ms: u64,
    pub updated_at_ms: u64,
    /// Marked for removal; forgotten once nothing of it is left.
    #[serde(default)]
    pub deleting: bool,
    /// What was wanted before the last deploy, so that a deploy can be undone. It has no former of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Box<Deployment>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedImage {
    /// The deploy that looked it up.
    pub deploy: u64,
    pub digest: String,
}

impl Deployment {
    /// Replicas wanted of a service; 0 for a service that the spec does not have.
    pub fn desired(&self, service: &str) -> u32 {
        let Some(spec) = self.spec.services.get(service) else {
            return 0;
        };
        if let Some(replicas) = self.scale.get(service) {
            return *replicas;
        }
        let replicas = match &spec.scale {
            ScaleSpec::Fixed { replicas } => *replicas,
            ScaleSpec::Adaptive { min, .. } => *min,
            ScaleSpec::Manual => 1,
        };
        replicas.min(MAX_REPLICAS)
    }

    pub fn is_stopped(&self, service: &str, replica: u32) -> bool {
        self.stopped.get(service).is_some_and(|set| set.contains(&replica))
    }
}

/// A change of the wanted state. Everything that a command depends on is in it: time and environment too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    Deploy {
        spec_text: String,
        spec: Box<DeploymentSpec>,
        environment: BTreeMap<String, String>,
        at_ms: u64,
    },
    /// Takes the last deploy back: spec, variables, images and counts are those of before. `spec_text` is what that deploy
    /// was of, so that nobody undoes the deploy of somebody else.
    Undo {
        deployment: String,
        spec_text: String,
        at_ms: u64,
    },
    Scale {
        deployment: String,
        service: String,
        replicas: u32,
        at_ms: u64,
    },
    SetStopped {
        deployment: String,
        service: String,
        replica: u32,
        stopped: bool,
    },
    ImageResolved {
        deployment: String,
        service: String,
        deploy: u64,
        digest: String,
    },
    /// Nothing of the deployment is wanted any more.
    Delete { deployment: String },
    /// Nothing of the deployment exists any more.
    Forget { deployment: String },
}

impl Command {
    fn deployment(&self) -> &str {
        match self {
            Self::Deploy { spec, .. } => &spec.deployment,
            Self::Undo { deployment, .. }
            | Self::Scale { deployment, .. }
            | Self::SetStopped { deployment, .. }
            | Self::ImageResolved { deployment, .. }
            | Self::Delete { deployment }
            | Self::Forget { deployment } => deployment,
        }
    }
}

/// What a command did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Applied {
    Created(Arc<Deployment>),
    /// `changed`: something else is wanted than before.
    Updated {
        deployment: Arc<Deployment>,
        changed: bool,
    },
    Forgotten(String),
}

/// Why a command was refused. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Rejection {
    #[error("There is no deployment “{0}”.")]
    NoDeployment(String),
    #[error("The deployment “{deployment}” has no service “{service}”.")]
    NoService { deployment: String, service: String },
    #[error("The deployment “{0}” is being removed.")]
    Deleting(String),
    #[error("{0} replicas are more than the {MAX_REPLICAS} that a service may have.")]
    TooManyReplicas(u32),
    #[error("The deployment “{0}” got another spec meanwhile; it is left as it is.")]
    DeployedAgain(String),
    #[error("There is nothing that the deployment “{0}” could go back to.")]
    NothingBefore(String),
}

/// Every deployment that is wanted, by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub deployments: BTreeMap<String, Arc<Deployment>>,
}

impl State {
    /// Changes the state by one command. The same commands in the same order give the same state, everywhere.
    pub fn apply(&mut self, command: Command) -> Result<Applied, Rejection> {
        let name = command.deployment().to_owned();
        if let Command::Forget { .. } = command {
            self.deployments.remove(&name);
            return Ok(Applied::Forgotten(name));
        }
        let Some(before) = self.deployments.get(&name) else {
            let Command::Deploy {
                spec_text,
                spec,
                environment,
                at_ms,
            } = command
            else {
                return Err(Rejection::NoDeployment(name));
            };
            let created = Arc::new(Deployment {
                name: name.clone(),
                spec_text,
                spec: *spec,
                generation: 1,
                deploys: 1,
                scale: BTreeMap::new(),
                stopped: BTreeMap::new(),
                environment,
                images: BTreeMap::new(),
                created_at_ms: at_ms,
                updated_at_ms: at_ms,
                deleting: false,
                former: None,
            });
            self.deployments.insert(name, Arc::clone(&created));
            return Ok(Applied::Created(created));
        };
        if before.deleting && !matches!(command, Command::Delete { .. }) {
            return Err(Rejection::Deleting(name));
        }
        let mut after = Deployment::clone(before);
        change(&mut after, command)?;
        let changed = **before != after;
        let deployment = Arc::new(after);
        self.deployments.insert(name, Arc::clone(&deployment));
        Ok(Applied::Updated { deployment, changed })
    }
}

fn change(deployment: &mut Deployment, command: Command) -> Result<(), Rejection> {
    match command {
        Command::Deploy {
            spec_text,
            spec,
            environment,
            at_ms,
        } => {
            deployment.former = None;
            deployment.former = Some(Box::new(deployment.clone()));
            deployment.deploys += 1;
            deployment.updated_at_ms = at_ms;
            deployment.stopped.clear();
            if deployment.spec == *spec && deployment.environment == environment {
                deployment.spec_text = spec_text;
                return Ok(());
            }
            // A number asked for by hand holds until the spec says something new about it.
            let old = &deployment.spec.services;
            deployment.scale.retain(|service, _| {
                spec.services
                    .get(service)
                    .is_some_and(|new| old.get(service).is_some_and(|old| old.scale == new.scale))
            });
            deployment
                .images
                .retain(|service, _| spec.services.contains_key(service));
            deployment.generation += 1;
            deployment.spec = *spec;
            deployment.spec_text = spec_text;
            deployment.environment = environment;
        }
        Command::Undo { spec_text, at_ms, .. } => {
            if deployment.spec_text != spec_text {
                return Err(Rejection::DeployedAgain(deployment.name.clone()));
            }
            let Some(mut former) = deployment.former.take() else {
                return Err(Rejection::NothingBefore(deployment.name.clone()));
            };
            former.generation = deployment.generation + 1;
            former.deploys = deployment.deploys + 1;
            former.updated_at_ms = at_ms;
            // They are the same images as before, and are not looked up anew.
            for image in former.images.values_mut() {
                image.deploy = former.deploys;
            }
            *deployment = *former;
        }
        Command::Scale {
            service,
            replicas,
            at_ms,
            ..
        } => {
            require_service(deployment, &service)?;
            if replicas > MAX_REPLICAS {
                return Err(Rejection::TooManyReplicas(replicas));
            }
            if deployment.desired(&service) != replicas {
                deployment.generation += 1;
                deployment.updated_at_ms = at_ms;
                if let Some(stopped) = deployment.stopped.get_mut(&service) {
                    stopped.retain(|replica| *replica < replicas);
                }
                deployment.scale.insert(service, replicas);
            }
        }
        Command::SetStopped {
            service,
            replica,
            stopped,
            ..
        } => {
            require_service(deployment, &service)?;
            let set = deployment.stopped.entry(service.clone()).or_default();
            if stopped {
                set.insert(replica);
            } else {
                set.remove(&replica);
            }
            if set.is_empty() {
                deployment.stopped.remove(&service);
            }
        }
        Command::ImageResolved {
            service,
            deploy,
            digest,
            ..
        } => {
            require_service(deployment, &service)?;
            // A pull that a newer deploy has overtaken says nothing about that one.
            if deploy == deployment.deploys {
                deployment.images.insert(service, ResolvedImage { deploy, digest });
            }
        }
        Command::Delete { .. } => deployment.deleting = true,
        Command::Forget { .. } => {}
    }
    Ok(())
}

fn require_service(deployment: &Deployment, service: &str) -> Result<(), Rejection> {
    if deployment.spec.services.contains_key(service) {
        return Ok(());
    }
    Err(Rejection::NoService {
        deployment: deployment.name.clone(),
        service: service.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Box<DeploymentSpec> {
        Box::new(zlayer_types::spec::from_yaml_str(text).unwrap())
    }

    fn deploy(text: &str) -> Command {
        Command::Deploy {
            spec_text: text.into(),
            spec: spec(text),
            environment: BTreeMap::new(),
            at_ms: 5,
        }
    }

    fn scale(replicas: u32) -> Command {
        Command::Scale {
            deployment: "shop".into(),
            service: "web".into(),
            replicas,
            at_ms: 6,
        }
    }

    const ONE: &str = "version: v1\ndeployment: shop\nservices:\n  web:\n    image: { name: nginx:1 }\n    scale: { mode: fixed, replicas: 1 }\n";
    const ENV: &str = "version: v1\ndeployment: shop\nservices:\n  web:\n    image: { name: nginx:1 }\n    env: { A: b }\n    scale: { mode: fixed, replicas: 1 }\n";
    const TWO: &str = "version: v1\ndeployment: shop\nservices:\n  web:\n    image: { name: nginx:1 }\n    scale: { mode: fixed, replicas: 2 }\n";

    fn run(commands: Vec<Command>) -> State {
        let mut state = State::default();
        for command in commands {
            state.apply(command).unwrap();
        }
        state
    }

    #[test]
    fn the_same_spec_again_changes_no_generation() {
        let state = run(vec![deploy(ONE), scale(3), deploy(ONE)]);
        let shop = &state.deployments["shop"];
        assert_eq!((shop.generation, shop.deploys, shop.desired("web")), (2, 2, 3));
    }

    #[test]
    fn a_scale_by_hand_survives_another_change_of_the_spec_but_not_a_change_of_the_scale() {
        assert_eq!(
            run(vec![deploy(ONE), scale(3), deploy(ENV)]).deployments["shop"].desired("web"),
            3
        );
        assert_eq!(
            run(vec![deploy(ONE), scale(3), deploy(TWO)]).deployments["shop"].desired("web"),
            2
        );
    }

    fn undo(text: &str) -> Command {
        Command::Undo {
            deployment: "shop".into(),
            spec_text: text.into(),
            at_ms: 7,
        }
    }

    #[test]
    fn a_deploy_that_is_undone_gives_back_the_spec_and_the_counts() {
        let state = run(vec![deploy(ONE), scale(3), deploy(TWO), undo(TWO)]);
        let shop = &state.deployments["shop"];
        assert_eq!((shop.spec_text.as_str(), shop.desired("web")), (ONE, 3));
        assert_eq!((shop.generation, shop.deploys), (4, 3));
        assert_eq!(shop.former, None);
    }

    #[test]
    fn only_the_last_deploy_can_be_undone_and_only_by_who_knows_it() {
        let mut state = run(vec![deploy(ONE), deploy(TWO)]);
        let other = Rejection::DeployedAgain("shop".into());
        assert_eq!(state.apply(undo(ONE)), Err(other));
        state.apply(undo(TWO)).unwrap();
        assert_eq!(state.apply(undo(ONE)), Err(Rejection::NothingBefore("shop".into())));
    }

    #[test]
    fn an_image_found_for_an_older_deploy_is_not_recorded() {
        let found = |deploy| Command::ImageResolved {
            deployment: "shop".into(),
            service: "web".into(),
            deploy,
            digest: "sha256:a".into(),
        };
        assert!(
            run(vec![deploy(ONE), deploy(ONE), found(1)]).deployments["shop"]
                .images
                .is_empty()
        );
        assert_eq!(
            run(vec![deploy(ONE), deploy(ONE), found(2)]).deployments["shop"].images["web"].digest,
            "sha256:a"
        );
    }

    #[test]
    fn a_deployment_that_is_being_removed_takes_no_commands() {
        let mut state = run(vec![
            deploy(ONE),
            Command::Delete {
                deployment: "shop".into(),
            },
        ]);
        assert_eq!(state.apply(scale(2)), Err(Rejection::Deleting("shop".into())));
        assert_eq!(state.apply(deploy(ONE)), Err(Rejection::Deleting("shop".into())));
        state
            .apply(Command::Forget {
                deployment: "shop".into(),
            })
            .unwrap();
        assert!(matches!(state.apply(deploy(ONE)), Ok(Applied::Created(_))));
    }

    #[test]
    fn what_does_not_exist_is_named() {
        let mut state = run(vec![deploy(ONE)]);
        let unknown = Command::Scale {
            deployment: "shop".into(),
            service: "db".into(),
            replicas: 1,
            at_ms: 0,
        };
        assert_eq!(
            state.apply(unknown).unwrap_err().to_string(),
            "The deployment “shop” has no service “db”."
        );
        assert_eq!(state.apply(scale(1001)).unwrap_err(), Rejection::TooManyReplicas(1001));
    }

    #[test]
    fn a_stored_deployment_reads_back_the_same() {
        let state = run(vec![deploy(ENV), scale(4)]);
        let shop = &*state.deployments["shop"];
        let text = serde_json::to_vec(shop).unwrap();
        assert_eq!(&serde_json::from_slice::<Deployment>(&text).unwrap(), shop);
    }
}

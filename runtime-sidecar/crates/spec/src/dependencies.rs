//! Services that wait for each other.

use std::collections::VecDeque;

use zlayer_types::spec::ServiceSpec;

use crate::parts::Fault;

/// Dependencies by which a service waits, over others, for itself, so that it would never start.
pub(crate) fn rings(services: &[(&str, &ServiceSpec)]) -> Vec<Fault> {
    let numbers: std::collections::HashMap<&str, usize> = services
        .iter()
        .enumerate()
        .map(|(number, (name, _))| (*name, number))
        .collect();
    let mut next: Vec<Vec<usize>> = services
        .iter()
        .map(|(_, service)| {
            let depends = service.depends.iter();
            depends
                .filter_map(|dependency| numbers.get(dependency.service.as_str()).copied())
                .collect()
        })
        .collect();
    let mut faults = Vec::new();
    keep_rings(&mut next);
    for (from, (name, service)) in services.iter().enumerate() {
        for (number, dependency) in service.depends.iter().enumerate() {
            let path = format!("services.{name}.depends[{number}].service");
            let to = numbers.get(dependency.service.as_str()).copied();
            if to == Some(from) {
                faults.push(Fault {
                    code: "self-dependency".to_owned(),
                    message: format!("“{name}” waits for itself and would never start; remove this dependency"),
                    path,
                });
            } else if let Some(way) = to.and_then(|to| shortest_way(&next, to, from)) {
                let names: Vec<&str> = way
                    .iter()
                    .filter_map(|at| services.get(*at))
                    .map(|(name, _)| *name)
                    .collect();
                faults.push(Fault {
                    code: "dependency-cycle".to_owned(),
                    message: format!(
                        "the services wait for each other in a ring: {name} → {}",
                        names.join(" → ")
                    ),
                    path,
                });
            }
        }
    }
    faults
}

/// Takes out all that waits for nothing, again and again: what is left leads into a ring.
fn keep_rings(next: &mut [Vec<usize>]) {
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); next.len()];
    let mut open: Vec<usize> = next.iter().map(Vec::len).collect();
    for (from, all) in next.iter().enumerate() {
        for to in all {
            if let Some(waiting) = waiting.get_mut(*to) {
                waiting.push(from);
            }
        }
    }
    let mut free: Vec<usize> = (0..next.len()).filter(|at| open.get(*at) == Some(&0)).collect();
    while let Some(at) = free.pop() {
        for from in waiting.get(at).into_iter().flatten() {
            let Some(left) = open.get_mut(*from) else { continue };
            *left -= 1;
            if *left == 0 {
                free.push(*from);
            }
        }
    }
    for (at, all) in next.iter_mut().enumerate() {
        if open.get(at) == Some(&0) {
            all.clear();
        }
    }
}

/// From one to another, both included.
fn shortest_way(next: &[Vec<usize>], from: usize, to: usize) -> Option<Vec<usize>> {
    let mut before: Vec<Option<usize>> = vec![None; next.len()];
    let mut queue = VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        if at == to {
            let mut way = vec![to];
            let mut at = to;
            while at != from {
                at = before.get(at).copied().flatten()?;
                way.push(at);
            }
            way.reverse();
            return Some(way);
        }
        for following in next.get(at).into_iter().flatten() {
            if *following != from
                && let Some(before) = before.get_mut(*following)
                && before.is_none()
            {
                *before = Some(at);
                queue.push_back(*following);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(depends: &[(&str, &[&str])], want: &[&str]) {
        let services: Vec<(&str, ServiceSpec)> = depends
            .iter()
            .map(|(name, on)| {
                let mut service = ServiceSpec::default();
                let one = |on: &&str| serde_yaml::from_str(&format!("service: {on}")).ok();
                service.depends = on.iter().filter_map(one).collect();
                (*name, service)
            })
            .collect();
        let services: Vec<_> = services.iter().map(|(name, service)| (*name, service)).collect();
        let found: Vec<String> = rings(&services)
            .into_iter()
            .map(|fault| {
                format!(
                    "{}: {}",
                    fault.path,
                    fault.message.rsplit(": ").next().unwrap_or_default()
                )
            })
            .collect();
        assert_eq!(found, want);
    }

    #[test]
    fn rings_are_found_and_named() {
        check(&[("a", &["b"]), ("b", &["c"]), ("c", &[])], &[]);
        check(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])], &[]);
        check(
            &[("a", &["a"])],
            &["services.a.depends[0].service: “a” waits for itself and would never start; remove this dependency"],
        );
        check(
            &[("a", &["b"]), ("b", &["x", "c"]), ("c", &["b"]), ("x", &[])],
            &[
                "services.b.depends[1].service: b → c → b",
                "services.c.depends[0].service: c → b → c",
            ],
        );
    }
}

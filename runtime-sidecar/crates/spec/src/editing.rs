//! The verdict on a spec that is being edited. Of the services that did not change it is kept; what is between services is looked at
//! anew. The verdict is that of [`crate::parse`], which a test holds against it.

use std::collections::{HashMap, HashSet};

use zlayer_types::spec::{DeploymentSpec, ServiceSpec, from_yaml_str};

use crate::impossible::faults;
use crate::outline::{ABOVE, outline};
use crate::report::{Report, Words};
use crate::tree::{self, NoTree, Node, Value};
use crate::{Problem, check, collect, impossible, locate, parse, path::Path, syntax, unserved};

/// Reports come to an end here, as [`Report`] does.
const MOST: usize = 200;

/// What there is to say of a spec.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// ZLayer's own crate takes it.
    pub valid: bool,
    /// What is refused: by ZLayer or, of a spec that is valid for it, by any engine.
    pub problems: Vec<Problem>,
    /// What this engine refuses, of the services that can be read.
    pub unserved: Vec<Problem>,
}

/// A spec that is being edited.
pub struct Editing {
    shell: Option<Shell>,
    services: HashMap<String, Service>,
    /// The services as they were read, by name. All else of it is a default.
    spec: DeploymentSpec,
}

impl Default for Editing {
    fn default() -> Self {
        Self {
            shell: None,
            services: HashMap::new(),
            spec: check::nothing(),
        }
    }
}

/// The top level without services. Lines of problems are those of its text.
struct Shell {
    text: String,
    is_readable: bool,
    problems: Vec<Problem>,
    unserved: Vec<Problem>,
}

/// One service, by the text of its lines. Lines of problems are those of that text below [`ABOVE`].
struct Service {
    name: String,
    state: State,
    problems: Vec<Problem>,
    unserved: Vec<Problem>,
    /// Taken into the spec when it is first seen there.
    spec: Option<ServiceSpec>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// ZLayer's crate reads it.
    Good,
    /// It is YAML, and no service.
    Wrong,
    /// It is no YAML of its own.
    Broken,
    /// Only the whole spec tells.
    Unclear,
}

impl Editing {
    /// What there is to say of this version of the text.
    pub fn check(&mut self, text: &str) -> Findings {
        if text.len() <= crate::MAX_BYTES
            && let Some(found) = self.by_parts(text)
        {
            return found;
        }
        *self = Self::default();
        match parse(text) {
            Ok(spec) => Findings {
                valid: true,
                problems: impossible(text, &spec, None),
                unserved: unserved(text, &spec),
            },
            Err(problems) => Findings {
                valid: false,
                problems,
                unserved: Vec::new(),
            },
        }
    }

    /// `None` where only the whole tells.
    pub(crate) fn by_parts(&mut self, text: &str) -> Option<Findings> {
        let outline = outline(text)?;
        let outside = outline.shell();
        if self.shell.as_ref().is_none_or(|shell| shell.text != outside.text) {
            self.shell = Some(shell(&outside.text)?);
        }
        let lines: Vec<(u32, &str)> = outline.services().collect();
        self.read(&lines)?;
        let shell = self.shell.as_ref()?;
        let services: Vec<(u32, &Service)> = lines
            .iter()
            .filter_map(|(line, text)| Some((*line, self.services.get(*text)?)))
            .collect();

        let mut report = Report::default();
        // Its line of `services` is longer than that of the text.
        let mut wrong: Vec<Problem> = shell.problems.iter().map(|problem| outside.moved(problem)).collect();
        syntax::clamp_all(text, &mut wrong);
        for problem in wrong {
            report.push(problem);
        }
        for (line, service) in &services {
            for problem in &service.problems {
                report.push(moved(problem, *line));
            }
        }
        let is_readable = shell.is_readable && services.iter().all(|(_, service)| service.state != State::Broken);
        if !is_readable {
            // Quotes or brackets may reach from one part into another: then only the whole is YAML.
            if let Ok(spec) = from_yaml_str(text) {
                return Some(Findings {
                    valid: true,
                    problems: impossible(text, &spec, None),
                    unserved: unserved(text, &spec),
                });
            }
            if report.is_empty() || tree::read(text).is_ok() {
                return None;
            }
        }
        for problem in self.across(&lines)? {
            report.push(problem);
        }
        let valid = is_readable && report.is_empty();
        if valid {
            let ordered: Vec<(&str, &ServiceSpec)> = services
                .iter()
                .filter_map(|(_, service)| Some((service.name.as_str(), self.spec.services.get(&service.name)?)))
                .collect();
            for fault in faults(&ordered, None) {
                let (line, text) = self.owner(&lines, &fault.path)?;
                report.push(moved(&place(text, fault)?, line));
            }
        }
        let mut beyond = Report::default();
        for problem in &shell.unserved {
            beyond.push(outside.moved(problem));
        }
        for (line, service) in &services {
            for problem in &service.unserved {
                beyond.push(moved(problem, *line));
            }
        }
        Some(Findings {
            valid,
            problems: report.finish(),
            unserved: beyond.finish(),
        })
    }

    /// Reads the services that are new and forgets those that are gone. `None` where two have one name, or one is unclear.
    fn read(&mut self, lines: &[(u32, &str)]) -> Option<()> {
        let wanted: HashSet<&str> = lines.iter().map(|(_, text)| *text).collect();
        let spec = &mut self.spec;
        self.services.retain(|text, service| {
            let keeps = wanted.contains(text.as_str());
            if !keeps {
                spec.services.remove(&service.name);
            }
            keeps
        });
        for (_, text) in lines {
            if !self.services.contains_key(*text) {
                let mut service = service(text);
                if service.state == State::Unclear {
                    return None;
                }
                let read = service.spec.take().unwrap_or_default();
                // One that cannot be read is still one that others may depend on.
                self.spec.services.insert(service.name.clone(), read);
                self.services.insert((*text).to_owned(), service);
            }
        }
        let mut names = HashSet::new();
        let mut count = 0;
        for (_, text) in lines {
            let service = self.services.get(*text)?;
            count += service.problems.len();
            if !names.insert(service.name.as_str()) || count >= MOST {
                return None;
            }
        }
        Some(())
    }

    /// The rules between services.
    fn across(&self, lines: &[(u32, &str)]) -> Option<Vec<Problem>> {
        if check::between(&self.spec) {
            return Some(Vec::new());
        }
        let mut found = Vec::new();
        for (path, error) in check::between_all(self.spec.clone()) {
            let (line, text) = self.owner(lines, &path)?;
            let mut report = Report::default();
            check::place(&error, &repaired(text)?, &mut report);
            let problems = report.finish();
            found.extend(problems.into_iter().map(|problem| moved(&clamped(text, problem), line)));
        }
        Some(found)
    }

    /// The service that a path names, which may hold dots: its first line and its text.
    fn owner<'a>(&self, lines: &[(u32, &'a str)], path: &str) -> Option<(u32, &'a str)> {
        let rest = path.strip_prefix("services.")?;
        lines
            .iter()
            .filter_map(|(line, text)| Some((self.services.get(*text)?.name.as_str(), *line, *text)))
            .filter(|(name, _, _)| {
                rest.strip_prefix(name)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            })
            .max_by_key(|(name, _, _)| name.len())
            .map(|(_, line, text)| (line, text))
    }
}

/// The top level, which is written without services.
fn shell(text: &str) -> Option<Shell> {
    let read = from_yaml_str(text).is_ok();
    let (problems, unserved, is_readable) = match tree::read(text) {
        Ok(root) if read => (Vec::new(), crate::served::unserved(&root), true),
        Ok(root) => {
            let mut report = Report::default();
            crate::everything(root, &mut report);
            let problems = report.finish();
            if problems.is_empty() {
                return None;
            }
            (problems, Vec::new(), true)
        }
        Err(NoTree::Syntax { at, message }) if !read => (syntax::problems(text, at, &message), Vec::new(), false),
        Err(_) => return None,
    };
    Some(Shell {
        text: text.to_owned(),
        is_readable,
        problems: clamped_all(text, problems),
        unserved: clamped_all(text, unserved),
    })
}

fn service(lines: &str) -> Service {
    let mut service = Service {
        name: String::new(),
        state: State::Unclear,
        problems: Vec::new(),
        unserved: Vec::new(),
        spec: None,
    };
    let text = format!("{ABOVE}{lines}");
    let read = serde_yaml::from_str::<HashMap<String, HashMap<String, ServiceSpec>>>(&text);
    let root = match tree::read(&text) {
        Ok(root) => root,
        Err(NoTree::Syntax { at, message }) if read.is_err() && !message.contains("anchor") => {
            let Some(name) = name_of(lines) else { return service };
            service.name = name.to_owned();
            service.state = State::Broken;
            // Without the blank lines at the end, where nothing can be marked.
            let trimmed = text.trim_end();
            service.problems = match tree::read(trimmed) {
                Err(NoTree::Syntax { at, message }) => syntax::problems(trimmed, at, &message),
                _ => syntax::problems(&text, at, &message),
            };
            return service;
        }
        Err(_) => return service,
    };
    let Some((name, mut node)) = only_one(&root) else {
        return unnamed(lines, service);
    };
    service.name = name.to_owned();
    let mut report = Report::default();
    let path = Path::root(&root).key(&services_key(&root)).key(&name_node(&root));
    let collected = collect::collect::<ServiceSpec>(&mut node, &path, &mut report);
    if let Some(spec) = &collected {
        check::service(spec, &node, &path, &mut report);
        check::alone(name, spec.clone(), &with(&root, node), &mut report);
    }
    let problems = report.finish();
    match read {
        Ok(_) if problems.is_empty() => {
            service.state = State::Good;
            service.unserved = clamped_all(&text, crate::served::unserved(&root));
        }
        _ if problems.is_empty() => return service,
        _ => service.state = State::Wrong,
    }
    service.problems = clamped_all(&text, problems);
    service.spec = collected;
    service
}

/// A name that is being written: what follows it in the spec makes it no YAML.
fn unnamed(lines: &str, service: Service) -> Service {
    let word = lines.trim();
    if word.contains([':', '\n', '#']) {
        return service;
    }
    let start = lines.chars().take_while(|c| *c == ' ').count();
    let column = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
    let words = Words::new(
        "yaml-syntax",
        format!("This is not valid YAML: `{word}` has no colon. Write `{word}:` and indent what belongs to it below."),
    );
    Service {
        name: word.trim_matches(['"', '\'']).to_owned(),
        state: State::Broken,
        problems: vec![Problem {
            line: 2,
            column: column(start),
            end_line: 2,
            end_column: column(start + word.chars().count()),
            path: String::new(),
            code: words.code,
            message: words.message,
        }],
        ..service
    }
}

/// The one service of a part, with its name.
fn only_one(root: &Node) -> Option<(&str, Node)> {
    let Value::Map(top) = &root.value else { return None };
    let [services] = top.as_slice() else { return None };
    let Value::Map(named) = &services.value.value else {
        return None;
    };
    let [entry] = named.as_slice() else { return None };
    Some((entry.key.scalar()?, entry.value.clone()))
}

fn services_key(root: &Node) -> Node {
    root.entry("services")
        .map_or_else(|| root.clone(), |entry| entry.key.clone())
}

fn name_node(root: &Node) -> Node {
    match root.get("services").map(|services| &services.value) {
        Some(Value::Map(named)) => named.first().map_or_else(|| root.clone(), |entry| entry.key.clone()),
        _ => root.clone(),
    }
}

/// The part with its service repaired.
fn with(root: &Node, service: Node) -> Node {
    let mut root = root.clone();
    if let Some(node) = root.at_mut(&[0, 0]) {
        *node = service;
    }
    root
}

/// The tree of a part as it was when its service was read.
fn repaired(lines: &str) -> Option<Node> {
    let root = tree::read(&format!("{ABOVE}{lines}")).ok()?;
    let (_, mut node) = only_one(&root)?;
    let _ = collect::collect::<ServiceSpec>(&mut node, &Path::default(), &mut Report::default());
    Some(with(&root, node))
}

/// What stands before the colon of the first line.
fn name_of(lines: &str) -> Option<&str> {
    let (name, _) = lines.lines().next()?.split_once(':')?;
    let name = name.trim().trim_matches(['"', '\'']);
    (!name.is_empty()).then_some(name)
}

fn place(lines: &str, fault: crate::parts::Fault) -> Option<Problem> {
    let root = tree::read(&format!("{ABOVE}{lines}")).ok()?;
    let mut report = Report::default();
    let range = locate::range(&root, &fault.path);
    report.add(range, fault.path, Words::new(fault.code, fault.message));
    report.finish().pop().map(|problem| clamped(lines, problem))
}

fn clamped(lines: &str, mut problem: Problem) -> Problem {
    syntax::clamp(&format!("{ABOVE}{lines}"), &mut problem);
    problem
}

fn clamped_all(text: &str, mut problems: Vec<Problem>) -> Vec<Problem> {
    syntax::clamp_all(text, &mut problems);
    problems
}

/// From the lines of a part to those of the spec, in which it begins at `line`. Above it stood one line.
fn moved(problem: &Problem, line: u32) -> Problem {
    let by = |at: u32| (at + line).saturating_sub(2).max(1);
    Problem {
        line: by(problem.line),
        end_line: by(problem.end_line),
        ..problem.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "version: v1
deployment: demo
services:
  web: # a comment
    image: { name: nginx:1.27 }
    env:
      GREETING: \"h\u{e9}llo \u{1f600}\"
      TOKEN: $S:token
    depends:
      - service: db
    endpoints: [{ name: http, protocol: http, port: 80 }]
    scale: { mode: fixed, replicas: 1 }

  # before the database
  db:
    image: { name: postgres:17 }
    command:
      entrypoint:
        - |
          one
            two
    storage:
      - { type: named, name: data, target: /data }
    resources: { memory: 64Mi }
  cron:
    rtype: cron
    schedule: \"0 0 * * * *\"
    image: { name: a:1 }
externals:
  mail: { backends: [\"mail:80\"] }
";
    const PIECES: [&str; 46] = [
        " ",
        "  ",
        "\n",
        "\n  ",
        "\n    ",
        ":",
        ": ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        "#",
        " # c",
        "&a ",
        "*a",
        "!",
        "|",
        ">",
        "\t",
        "\r\n",
        "\r",
        "\u{e9}",
        "\u{1f600}",
        "\u{2028}",
        "\u{feff}",
        "x",
        "0",
        "null",
        "64MB",
        "\n  new:\n    image: { name: a:1 }",
        "\n  web:",
        "\nservices:",
        "\n---\n",
        "\nversion: v2\n",
        "<<: *db",
        "\n    depends: [{ service: nobody }]",
        "\n    depends: [{ service: web }]",
        "\n    restart: always",
        "\n    tunnels: 1",
        "\n    host_network: true",
        "\n  we",
        "\ntunnels: {}",
        "\n    port_mappings: [{ host_port: 80, container_port: 80 }]",
    ];

    struct Random(u64);

    impl Random {
        fn below(&mut self, most: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap() % most.max(1)
        }

        fn edited(&mut self, text: &str) -> String {
            let mut chars: Vec<char> = text.chars().collect();
            let at = self.below(chars.len() + 1);
            let end = if self.below(3) == 0 {
                (at + self.below(14)).min(chars.len())
            } else {
                at
            };
            let piece = if self.below(8) == 0 {
                ""
            } else {
                PIECES[self.below(PIECES.len())]
            };
            chars.splice(at..end, piece.chars());
            chars.into_iter().collect()
        }
    }

    /// `SPEC_EDITS` sets the number of texts for each seed, `SPEC_SEEDS` the number of seeds.
    fn number(name: &str, usual: u64) -> u64 {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(usual)
    }

    #[test]
    fn after_any_edits_the_verdict_is_that_of_the_whole_text() {
        let (mut by_parts, mut alike, mut valid) = (0, 0, 0);
        for seed in 1..=number("SPEC_SEEDS", 3) {
            let mut random = Random(seed);
            let spec = if seed % 3 == 0 {
                PLAIN.replace('\n', "\r\n")
            } else {
                PLAIN.to_owned()
            };
            let mut editing = Editing::default();
            let mut text = spec.clone();
            for edit in 0..number("SPEC_EDITS", 120) {
                text = if edit % 6 == 5 {
                    spec.clone()
                } else {
                    random.edited(&text)
                };
                let found = editing.check(&text);
                let whole = from_yaml_str(&text);
                assert_eq!(found.valid, whole.is_ok(), "{text:?}\n{whole:?}\n{found:?}");
                assert_eq!(found, Editing::default().check(&text), "{text:?}");
                valid += u64::from(found.valid);
                match parse(&text) {
                    Ok(spec) => {
                        assert_eq!(found.problems, impossible(&text, &spec, None), "{text:?}");
                        assert_eq!(found.unserved, unserved(&text, &spec), "{text:?}");
                    }
                    Err(problems) => assert_eq!(found.problems, problems, "{text:?}"),
                }
                by_parts += u64::from(Editing::default().by_parts(&text).is_some());
                // Where the text is YAML, reading it as a whole finds the same.
                if let (Err(_), Ok(root)) = (&whole, tree::read(&text)) {
                    let mut report = Report::default();
                    crate::everything(root, &mut report);
                    let mut problems = report.finish();
                    syntax::clamp_all(&text, &mut problems);
                    if !problems.is_empty() {
                        alike += 1;
                        assert_eq!(found.problems, problems, "{text:?}");
                    }
                }
            }
        }
        assert!(by_parts > 100 && alike > 10 && valid > 20, "{by_parts} {alike} {valid}");
    }
}

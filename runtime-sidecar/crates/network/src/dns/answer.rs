//! From a query's bytes to an answer's bytes, or to the decision that others must answer. Pure, for hostile input.

use hickory_proto::op::{Edns, Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{DNSClass, RData, Record, RecordType};

use super::zone::{Meaning, Zone};

/// In seconds. Replicas come and go, so an answer is stale soon.
const TTL: u32 = 5;
const SMALLEST_UDP_ANSWER: u16 = 512;
const LARGEST_UDP_ANSWER: u16 = 1232;

#[derive(Debug)]
pub enum Decision {
    Reply(Vec<u8>),
    Forward,
    /// Not a query; an answer would only serve somebody who forges sender addresses.
    Ignore,
}

/// Decides about one message. `turn` is counted up by the caller and rotates the addresses.
pub fn decide(zone: &Zone, bytes: &[u8], turn: usize, tcp: bool) -> Decision {
    let Ok(query) = Message::from_vec(bytes) else {
        return malformed(bytes);
    };
    if query.message_type() != MessageType::Query {
        return Decision::Ignore;
    }
    let [question] = query.queries() else {
        return reply(&query, ResponseCode::FormErr);
    };
    if query.op_code() != OpCode::Query || question.query_class() != DNSClass::IN {
        return reply(&query, ResponseCode::NotImp);
    }
    let labels: Vec<String> = question
        .name()
        .iter()
        .map(|label| String::from_utf8_lossy(label).to_ascii_lowercase())
        .collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let addresses = match zone.look_up(&labels) {
        Meaning::Foreign => return Decision::Forward,
        Meaning::Unknown => return reply(&query, ResponseCode::NXDomain),
        Meaning::Addresses(addresses) => addresses,
    };
    let mut answer = response(&query, ResponseCode::NoError);
    if matches!(question.query_type(), RecordType::A | RecordType::ANY) {
        let rotated = addresses
            .iter()
            .cycle()
            .skip(turn % addresses.len())
            .take(addresses.len());
        for address in rotated {
            answer.add_answer(Record::from_rdata(question.name().clone(), TTL, RData::A(A(*address))));
        }
    }
    let limit = if tcp {
        u16::MAX
    } else {
        query.max_payload().clamp(SMALLEST_UDP_ANSWER, LARGEST_UDP_ANSWER)
    };
    encode(answer, limit)
}

/// The answer when no resolver of the host did.
pub fn server_failure(bytes: &[u8]) -> Option<Vec<u8>> {
    response(&Message::from_vec(bytes).ok()?, ResponseCode::ServFail)
        .to_vec()
        .ok()
}

fn malformed(bytes: &[u8]) -> Decision {
    // The header's first bytes: id, then the bit that tells answers from queries.
    let [high, low, flags, ..] = *bytes else {
        return Decision::Ignore;
    };
    if flags & 0x80 != 0 {
        return Decision::Ignore;
    }
    let mut answer = Message::new();
    answer
        .set_id(u16::from_be_bytes([high, low]))
        .set_message_type(MessageType::Response)
        .set_response_code(ResponseCode::FormErr);
    encode(answer, SMALLEST_UDP_ANSWER)
}

fn response(query: &Message, code: ResponseCode) -> Message {
    let mut answer = Message::new();
    answer
        .set_id(query.id())
        .set_message_type(MessageType::Response)
        .set_op_code(query.op_code())
        .set_response_code(code)
        .set_recursion_desired(query.recursion_desired())
        .set_recursion_available(true)
        .set_authoritative(true);
    if let [question] = query.queries() {
        answer.add_query(question.clone());
    }
    if query.extensions().is_some() {
        let mut edns = Edns::new();
        edns.set_max_payload(LARGEST_UDP_ANSWER);
        answer.set_edns(edns);
    }
    answer
}

fn reply(query: &Message, code: ResponseCode) -> Decision {
    encode(response(query, code), SMALLEST_UDP_ANSWER)
}

/// Drops addresses until the answer fits, and says so by its TC bit.
fn encode(mut answer: Message, limit: u16) -> Decision {
    loop {
        let Ok(bytes) = answer.to_vec() else {
            return Decision::Ignore;
        };
        if bytes.len() <= usize::from(limit) {
            return Decision::Reply(bytes);
        }
        let mut records = answer.take_answers();
        if records.pop().is_none() {
            return Decision::Ignore;
        }
        answer.insert_answers(records);
        answer.set_truncated(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::Query;
    use hickory_proto::rr::Name;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn zone() -> Zone {
        let mut zone = Zone::new("shop", "10.89.0.0/16".parse().unwrap());
        zone.set("web", &[(1, Ipv4Addr::new(10, 89, 0, 2))]);
        zone
    }

    fn query(name: &str) -> Message {
        let mut message = Message::new();
        message
            .set_id(7)
            .add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
        message
    }

    fn check(bytes: &[u8], expect: ResponseCode) {
        let Decision::Reply(answer) = decide(&zone(), bytes, 0, false) else {
            panic!("no reply to {bytes:?}")
        };
        let answer = Message::from_vec(&answer).unwrap();
        assert_eq!((answer.id(), answer.response_code()), (7, expect));
        assert_eq!(answer.message_type(), MessageType::Response);
    }

    #[test]
    fn what_is_not_a_plain_question() {
        check(&query("web.").to_vec().unwrap(), ResponseCode::NoError);
        check(&[0, 7, 0, 0, 0, 1], ResponseCode::FormErr);
        check(&Message::new().set_id(7).to_vec().unwrap(), ResponseCode::FormErr);
        let mut two = query("web.");
        two.add_query(query("db.").queries()[0].clone());
        check(&two.to_vec().unwrap(), ResponseCode::FormErr);
        check(
            &query("web.").set_op_code(OpCode::Update).to_vec().unwrap(),
            ResponseCode::NotImp,
        );
        // Answers are not answered: two servers could talk for ever.
        let answer = query("web.").set_message_type(MessageType::Response).to_vec().unwrap();
        assert!(matches!(decide(&zone(), &answer, 0, false), Decision::Ignore));
        assert!(matches!(decide(&zone(), &[0, 7], 0, false), Decision::Ignore));
        assert!(matches!(
            decide(&zone(), &query("example.com.").to_vec().unwrap(), 0, false),
            Decision::Forward
        ));
    }

    proptest! {
        #[test]
        fn no_bytes_hurt(bytes in prop::collection::vec(any::<u8>(), 0..600), turn: usize, tcp: bool) {
            let _ = decide(&zone(), &bytes, turn, tcp);
            let _ = server_failure(&bytes);
        }

        #[test]
        fn no_damaged_query_hurts(at in 0_usize..40, byte: u8, cut in 0_usize..40, turn: usize) {
            let mut bytes = query("1.web.shop.").to_vec().unwrap();
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            bytes.truncate(bytes.len().max(cut) - cut.min(bytes.len()));
            if let Decision::Reply(answer) = decide(&zone(), &bytes, turn, false) {
                prop_assert!(answer.len() <= usize::from(LARGEST_UDP_ANSWER));
                prop_assert_eq!(answer.get(..2), bytes.get(..2));
            }
        }
    }
}

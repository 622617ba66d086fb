use policy::{ItemId, MemberId};
use wire::{CompactV4, InfoHash, PeerId, PeerKey};

use super::*;

#[test]
fn strangers_leave_half_the_room_to_members() {
    let mut shard = Shard::default();
    for key in 0..u64::from(u16::MAX) {
        let key = u32::try_from(key).unwrap();
        shard.insert(key.into(), ClientSession::new(id(None, key), 1), |id| id.key.into());
    }
    assert_eq!(shard.len(), MAX_STRANGERS);
    let ada = id(MemberId::new(7), 1);
    shard.insert(1, ClientSession::new(ada, 1), |id| id.key.into());
    assert!(shard.find(1, &ada).is_some());
    assert!(shard.remove(2, &id(None, 2)).is_some());
    shard.insert(2, ClientSession::new(id(None, 2), 1), |id| id.key.into());
    assert_eq!(shard.len(), MAX_STRANGERS + 1);
}

#[test]
fn a_member_with_ever_more_clients_is_not_remembered_by_all_of_them() {
    let mut shard = Shard::default();
    for port in 1000..1300 {
        let mut announce = announce();
        announce.key = Some(PeerKey(port));
        let update = SessionUpdate {
            item: ItemId(1),
            member: MemberId::new(7),
            inside: true,
            announce: &announce,
            second_hash: false,
            endpoint: Endpoint::V4(endpoint(port)),
            now: Now { secs: 100, unix: 1_800_000_000 },
            max_clients: 0,
            max_age_secs: 3700,
        };
        shard.update(1, &update.id(), &update, |_| 1).unwrap();
    }
    assert_eq!((shard.len(), shard.left_out), (MAX_CLIENTS, 45));
}

fn id(member: Option<MemberId>, key: u32) -> SessionId {
    SessionId::new(ItemId(1), member, PeerId([7; 20]), Some(PeerKey(key)))
}

fn endpoint(port: u32) -> CompactV4 {
    let [_, _, high, low] = port.to_be_bytes();
    CompactV4([203, 0, 113, 1, high, low])
}

fn announce() -> Announce {
    Announce {
        info_hash: InfoHash([1; 20]),
        peer_id: PeerId([7; 20]),
        port: 6881,
        uploaded: 0,
        downloaded: 0,
        left: 0,
        event: AnnounceEvent::None,
        numwant: None,
        key: None,
        passkey: None,
        compact: true,
        no_peer_id: false,
    }
}

//! What is written is read back, whole and equal.

use crate::support::model;

use bytes::Bytes;
use proptest::prelude::*;
use wdb_coredump::*;

fn written(dump: &CoreDump) -> Bytes {
    let mut out = Vec::new();
    write(dump, &mut out).unwrap();
    Bytes::from(out)
}

proptest! {
    #[test]
    fn read_of_write_is_equal(dump in model::dump()) {
        let reading = read(written(&dump)).unwrap();
        prop_assert_eq!(&reading.notes, &[]);
        prop_assert_eq!(reading.dialect, Dialect::Wdb);
        prop_assert_eq!(reading.base, Base::Body);
        prop_assert_eq!(reading.dump, dump);
    }
}

#[test]
fn an_empty_dump_round_trips() {
    let dump = CoreDump::default();
    let reading = read(written(&dump)).unwrap();
    assert_eq!((reading.dump, reading.notes), (dump, vec![]));
}

//! RFC 7541, appendix C, and what the RFC refuses.

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|c| c.to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn decode(decoder: &mut Decoder, block: &[u8]) -> (String, Result<Decoded, HpackError>) {
    let mut fields = Vec::new();
    let result = decoder.decode(block, |name, value| {
        fields.push(format!("{}={}", name.escape_ascii(), value.escape_ascii()));
    });
    (fields.join("|"), result)
}

#[test]
fn appendix_c() {
    let request = [
        ":method=GET|:scheme=http|:path=/|:authority=www.example.com",
        ":method=GET|:scheme=http|:path=/|:authority=www.example.com|cache-control=no-cache",
        ":method=GET|:scheme=https|:path=/index.html|:authority=www.example.com|custom-key=custom-value",
    ];
    let response = [
        ":status=302|cache-control=private|date=Mon, 21 Oct 2013 20:13:21 GMT|location=https://www.example.com",
        ":status=307|cache-control=private|date=Mon, 21 Oct 2013 20:13:21 GMT|location=https://www.example.com",
        ":status=200|cache-control=private|date=Mon, 21 Oct 2013 20:13:22 GMT|location=https://www.example.com|\
         content-encoding=gzip|set-cookie=foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    ];
    // The responses are given for a table of 256 bytes, here by a size update in front.
    let cases: [(&str, &[(&str, &str)]); 8] = [
        (
            "C.2.1",
            &[(
                "400a637573746f6d2d6b65790d637573746f6d2d686561646572",
                "custom-key=custom-header",
            )],
        ),
        (
            "C.2.2",
            &[("040c2f73616d706c652f70617468", ":path=/sample/path")],
        ),
        (
            "C.2.3",
            &[("100870617373776f726406736563726574", "password=secret")],
        ),
        ("C.2.4", &[("82", ":method=GET")]),
        (
            "C.3",
            &[
                ("828684410f7777772e6578616d706c652e636f6d", request[0]),
                ("828684be58086e6f2d6361636865", request[1]),
                (
                    "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
                    request[2],
                ),
            ],
        ),
        (
            "C.4",
            &[
                ("828684418cf1e3c2e5f23a6ba0ab90f4ff", request[0]),
                ("828684be5886a8eb10649cbf", request[1]),
                (
                    "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
                    request[2],
                ),
            ],
        ),
        (
            "C.5",
            &[
                (
                    "3fe101 4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54\
                 6e1768747470733a2f2f7777772e6578616d706c652e636f6d",
                    response[0],
                ),
                ("4803333037c1c0bf", response[1]),
                (
                    "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d415344\
                 4a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
                    response[2],
                ),
            ],
        ),
        (
            "C.6",
            &[
                (
                    "3fe101 488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f\
                 0b97c8e9ae82ae43d3",
                    response[0],
                ),
                ("4883640effc1c0bf", response[1]),
                (
                    "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b39\
                 60d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
                    response[2],
                ),
            ],
        ),
    ];
    for (desc, blocks) in cases {
        let mut decoder = Decoder::new();
        for (block, expected) in blocks {
            let (fields, result) = decode(&mut decoder, &hex(block));
            assert_eq!(result, Ok(Decoded::default()), "{desc}");
            assert_eq!(fields, *expected, "{desc}");
        }
    }
}

#[test]
fn refused_blocks() {
    use HpackError::*;
    for (desc, block, expected) in [
        ("index 0", "80", InvalidIndex),
        ("index beyond both tables", "be", InvalidIndex),
        ("name index beyond both tables", "7f000161", InvalidIndex),
        ("size update behind a field", "8220", SizeUpdateMisplaced),
        ("size update above the limit", "3fe21f", SizeUpdateTooLarge),
        ("integer of 2^32", "fff1ffffff0f", IntegerOverflow),
        (
            "integer of zeros without end",
            "ff808080808080",
            IntegerOverflow,
        ),
        ("integer cut", "ff80", Truncated),
        ("string cut", "400a6375", Truncated),
        ("value missing", "4001 61", Truncated),
        (
            "EOS in a string",
            "0084ffffffff0161",
            Huffman(HuffmanError::EndOfString),
        ),
        (
            "long padding",
            "00821fff0161",
            Huffman(HuffmanError::Padding),
        ),
    ] {
        let mut decoder = Decoder::new();
        assert_eq!(decode(&mut decoder, &hex(block)).1, Err(expected), "{desc}");
    }
    // The limits themselves.
    for (desc, block, fields) in [
        ("size update to the limit", "3fe11f82", ":method=GET"),
        ("two size updates", "203fe11f82", ":method=GET"),
        ("a field kept before the fault", "82", ":method=GET"),
    ] {
        let mut decoder = Decoder::new();
        assert_eq!(
            decode(&mut decoder, &hex(block)),
            (fields.into(), Ok(Decoded::default())),
            "{desc}"
        );
    }
}

#[test]
fn entries_leave_as_the_table_fills() {
    let mut decoder = Decoder::new();
    // Room for one entry of 34 bytes; then two of them.
    assert!(
        decode(&mut decoder, &hex("3f07 4001610131 4001620132"))
            .1
            .is_ok()
    );
    assert_eq!(decode(&mut decoder, &hex("be")).0, "b=2");
    assert_eq!(
        decode(&mut decoder, &hex("bf")).1,
        Err(HpackError::InvalidIndex)
    );
    // An entry larger than the table empties it.
    let mut decoder = Decoder::new();
    assert!(
        decode(&mut decoder, &hex("3f07 4001610131 40066162636465660132"))
            .1
            .is_ok()
    );
    assert_eq!(
        decode(&mut decoder, &hex("be")).1,
        Err(HpackError::InvalidIndex)
    );
}

#[test]
fn an_unseen_table_gives_nothing_wrong() {
    let mut decoder = Decoder::new();
    decoder.forget_table();
    // Unknown entry; static; literal that is stored; its use; the unknown entry again, one further.
    let (fields, result) = decode(&mut decoder, &hex("be 82 4001610131 be bf"));
    assert_eq!(fields, ":method=GET|a=1|a=1");
    assert_eq!(
        result,
        Ok(Decoded {
            unknown_fields: 2,
            too_long: false
        })
    );
    // Known value under an unknown name is stored as unknown.
    let (fields, result) = decode(&mut decoder, &hex("7f00 0178 be bf"));
    assert_eq!(fields, "a=1");
    assert_eq!(
        result,
        Ok(Decoded {
            unknown_fields: 2,
            too_long: false
        })
    );
    // A size of 0 empties the table: all is known again.
    assert_eq!(
        decode(&mut decoder, &hex("20 3fe11f be")).1,
        Err(HpackError::InvalidIndex)
    );
}

#[test]
fn the_list_is_bounded() {
    let mut decoder = Decoder::new();
    let mut block = hex("4001 61 7f811e");
    block.extend(vec![b'v'; 4000]);
    block.extend(vec![0xbe; 20_000]);
    let mut size = 0;
    let result = decoder.decode(&block, |name, value| size += name.len() + value.len());
    assert_eq!(
        result,
        Ok(Decoded {
            unknown_fields: 0,
            too_long: true
        })
    );
    assert!(size <= limits::HEADER_LIST);
    assert_eq!(
        decode(&mut decoder, &hex("82")).0,
        ":method=GET",
        "and the decoder goes on"
    );
}

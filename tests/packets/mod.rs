//! A capture written for a test: many connections at once, whose segments take turns.

const SYN: u8 = 2;
const FIN: u8 = 1;
const ACK: u8 = 16;
const RST: u8 = 4;

/// Payload of a segment.
const SEGMENT: usize = 1400;

/// One segment to be sent: by the client or not.
struct Segment {
    is_client: bool,
    flags: u8,
    payload: Vec<u8>,
}

/// The segments of a connection, and what was sent of them.
struct Connection {
    port: u16,
    segments: Vec<Segment>,
    at: usize,
    sent: [u32; 2],
}

/// A pcap file of `connections` to some ten origins, of `exchanges` each.
pub(crate) fn capture(connections: u16, exchanges: usize) -> Vec<u8> {
    let mut open: Vec<Connection> = (0..connections)
        .map(|number| Connection {
            port: 20_000 + number,
            segments: segments(usize::from(number), exchanges),
            at: 0,
            sent: [1000, 9000],
        })
        .collect();
    let mut file = Vec::new();
    for field in [0xa1b2_c3d4_u32, 4 << 16 | 2, 0, 0, 65_535, 1] {
        file.extend(field.to_le_bytes());
    }
    let mut packets = 0_u32;
    // Each sends a few segments in its turn, not all as many.
    while open
        .iter()
        .any(|connection| connection.at < connection.segments.len())
    {
        for connection in &mut open {
            for _ in 0..1 + connection.port % 4 {
                if let Some(frame) = connection.next() {
                    packets += 1;
                    let len = frame.len() as u32;
                    for field in [1_700_000_000 + packets / 5000, packets % 5000, len, len] {
                        file.extend(field.to_le_bytes());
                    }
                    file.extend(frame);
                }
            }
        }
    }
    file
}

fn segments(number: usize, exchanges: usize) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut push = |is_client, flags, payload: Vec<u8>| {
        segments.push(Segment {
            is_client,
            flags,
            payload,
        });
    };
    // The opening of some was not captured.
    if number % 7 != 3 {
        push(true, SYN, Vec::new());
        push(false, SYN | ACK, Vec::new());
    }
    if number % 11 == 5 {
        // TLS without secrets: a ClientHello is missing, records follow.
        for _ in 0..exchanges {
            push(
                true,
                ACK,
                [&b"\x17\x03\x03\x03\xe8"[..], &[7; 1000]].concat(),
            );
        }
    }
    for at in 0..if number % 11 == 5 { 0 } else { exchanges } {
        let origin = format!("https://app{}.example", (number + at) % 5);
        let request = format!(
            "GET /v1/items/{at} HTTP/1.1\r\nHost: api{}.test\r\nOrigin: {origin}\r\nSec-Fetch-Mode: cors\r\n\
             Sec-Fetch-Site: cross-site\r\nCookie: session=0123456789\r\nReferer: {origin}/\r\n\r\n",
            number % 10,
        );
        push(true, ACK, request.into_bytes());
        let body = format!(
            "{{\"mail\":\"a{at}@b.example\",\"x\":\"{}\"}}",
            "y".repeat(at * 71)
        );
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nAccess-Control-Allow-Origin: {origin}\r\n\
             Access-Control-Allow-Credentials: true\r\nContent-Length: {}\r\n\r\n{body}",
            body.len(),
        );
        for piece in answer.as_bytes().chunks(SEGMENT) {
            push(false, ACK, piece.to_vec());
        }
    }
    match number % 3 {
        0 => {
            push(true, FIN | ACK, Vec::new());
            push(false, FIN | ACK, Vec::new());
        }
        1 => push(false, RST | ACK, Vec::new()),
        // The capture ends before it.
        _ => {}
    }
    // A hole.
    if number % 5 == 4 {
        segments.remove(segments.len() / 2);
        if let Some(segment) = segments.get_mut(exchanges) {
            segment.payload.clear();
        }
    }
    segments
}

impl Connection {
    /// The next segment in plain Ethernet and IPv4.
    fn next(&mut self) -> Option<Vec<u8>> {
        let segment = self.segments.get(self.at)?;
        self.at += 1;
        let (ends, ports) = if segment.is_client {
            ([[10, 0, 0, 1], [10, 0, 0, 2]], [self.port, 80])
        } else {
            ([[10, 0, 0, 2], [10, 0, 0, 1]], [80, self.port])
        };
        let side = usize::from(!segment.is_client);
        let mut tcp: Vec<u8> = ports.iter().flat_map(|port| port.to_be_bytes()).collect();
        tcp.extend(self.sent[side].to_be_bytes());
        tcp.extend(self.sent[1 - side].to_be_bytes());
        tcp.extend([5 << 4, segment.flags, 0xff, 0xff, 0, 0, 0, 0]);
        tcp.extend(&segment.payload);
        let mut sent = segment.payload.len() as u32;
        sent += u32::from(segment.flags & (SYN | FIN) != 0);
        // What a hole would have carried was sent all the same.
        if segment.payload.is_empty() && segment.flags == ACK {
            sent += 100;
        }
        self.sent[side] += sent;
        let mut frame = vec![0; 12];
        frame.extend([8, 0, 0x45, 0]);
        frame.extend((20 + tcp.len() as u16).to_be_bytes());
        frame.extend([0, 0, 0, 0, 64, 6, 0, 0]);
        frame.extend(ends.concat());
        frame.extend(tcp);
        Some(frame)
    }
}

//! Mutations of whole elements: what a change of single bytes hardly ever leaves well formed.

const NAMES: &[&str] = &[
    "key",
    "label",
    "backing",
    "parent",
    "fileName",
    "speed",
    "capacityInKB",
    "device",
    "devices",
    "any",
    "anys",
    "one",
    "many",
    "vm",
    "vms",
    "state",
    "states",
    "when",
    "bytes",
    "number",
    "text",
    "texts",
    "single",
    "double",
    "yes",
    "tiny",
    "password",
    "val",
    "propSet",
    "objects",
    "obj",
    "name",
    "faultCause",
    "fault",
    "detail",
    "Fault",
    "object",
    "privilegeId",
    "int",
    "anyType",
    "string",
    "Device",
    "unheard",
    "q:a",
    "v:key",
];
const ATTRS: &[&str] = &[
    "",
    " xsi:type=\"Device\"",
    " xsi:type=\"Disk\"",
    " xsi:type='FastDisk'",
    " xsi:type=\"v:Everything\"",
    " xsi:type=\"NoPermission\"",
    " xsi:type=\"Unheard\"",
    " xsi:type=\"xsd:int\"",
    " xsi:type=\"xsd:string\"",
    " xsi:type=\"xsd:float\"",
    " xsi:type=\"xsd:double\"",
    " xsi:type=\"xsd:boolean\"",
    " xsi:type=\"xsd:dateTime\"",
    " xsi:type=\"xsd:base64Binary\"",
    " xsi:type=\"xsd:anyURI\"",
    " xsi:type=\"PowerState\"",
    " xsi:type=\"ManagedObjectReference\" type=\"VirtualMachine\"",
    " xsi:type=\"VirtualMachine\" type=\"Folder\" serverGuid=\"a&amp;b\"",
    " xsi:type=\"ArrayOfDevice\"",
    " xsi:type=\"ArrayOfAnyType\"",
    " xsi:type=\"ArrayOfUnheard\"",
    " xsi:type=\"ArrayOfString\"",
    " xsi:type=\"ArrayOfUri\"",
    " xsi:type=\"ArrayOfFloat\"",
    " xsi:type=\"ArrayOfPowerState\"",
    " xsi:type=\"ArrayOfVirtualMachine\"",
    " xsi:type=\"ArrayOfManagedObjectReference\"",
    " xsi:type=\"ArrayOfArrayOfInt\"",
    " xsi:type=\"a:b:c\"",
    " xsi:type=\"a'b\"",
    " xsi:nil=\"true\"",
    " xmlns:q=\"urn:q\"",
    " xmlns:q='\"' q:type=\"Disk\"",
    " xmlns:xsi=\"urn:other\"",
    " xmlns:t=\"urn:t\"",
    " xmlns=\"urn:z\"",
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"",
];
const TEXTS: &[&str] = &[
    "",
    "1",
    "-128",
    "true",
    "1.5",
    "INF",
    "NaN",
    "1e-46",
    "poweredOn",
    "odd",
    "vm-1",
    "2026-11-22T10:15:30.5Z",
    "-0001-01-01T00:00:00+14:00",
    "AA==",
    " x ",
    "a&amp;b",
    "a<!-- c -->b",
    "<![CDATA[<]]>",
    "\r\n",
    "&#13;",
    "&#x1F980;",
    "]]&gt;",
    "\u{1}",
    "\u{fffe}",
];

/// A small generator: libFuzzer gives one seed a mutation.
struct Dice(u32);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % sides.max(1)
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a [u8] {
        list[self.roll(list.len())].as_bytes()
    }
}

struct Element {
    start: usize,
    name_end: usize,
    /// Where the start tag ends.
    inner: usize,
    /// Where the end tag starts; as `inner` where there is none.
    close: usize,
    end: usize,
}

/// The elements as far as tags match; names are not compared.
fn elements(text: &[u8]) -> Vec<Element> {
    let (mut out, mut open) = (Vec::<Element>::new(), Vec::new());
    let mut at = 0;
    while let Some(skip) = text[at..].iter().position(|byte| *byte == b'<') {
        let start = at + skip;
        let Some(len) = text[start..].iter().position(|byte| *byte == b'>') else { break };
        at = start + len + 1;
        match text.get(start + 1) {
            Some(b'/') => {
                if let Some(index) = open.pop() {
                    let element: &mut Element = &mut out[index];
                    (element.close, element.end) = (start, at);
                }
            }
            Some(b'!' | b'?') | None => {}
            Some(_) => {
                let is_end = |byte: &u8| matches!(byte, b' ' | b'>' | b'/' | b'\n');
                let name_end = start + text[start..].iter().position(is_end).unwrap_or(len);
                if text[at - 2] != b'/' {
                    open.push(out.len());
                }
                out.push(Element { start, name_end, inner: at, close: at, end: at });
            }
        }
    }
    out
}

/// Changes one element; how, the seed says.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let text = data[..size].to_vec();
    let all = elements(&text);
    let mut dice = Dice(seed);
    if all.is_empty() || dice.roll(3) == 0 {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    let (one, other) = (&all[dice.roll(all.len())], &all[dice.roll(all.len())]);
    let copy = &text[other.start..other.end];
    let (from, to, with) = match dice.roll(7) {
        0 => (one.start, one.end, Vec::new()),
        1 => (one.end, one.end, copy.to_vec()),
        2 => (one.start, one.end, copy.to_vec()),
        3 if one.close > one.inner => (one.inner, one.inner, copy.to_vec()),
        4 => (one.name_end, one.name_end, dice.pick(ATTRS).to_vec()),
        5 if one.close >= one.inner && one.end > one.close => {
            (one.inner, one.close, dice.pick(TEXTS).to_vec())
        }
        _ => {
            let name = dice.pick(NAMES);
            let mut with = [b"<", name, &text[one.name_end..one.close.max(one.inner)]].concat();
            if one.end > one.close {
                with.extend([b"</", name, b">"].concat());
            }
            (one.start, one.end, with)
        }
    };
    let out = [&text[..from], &with, &text[to..]].concat();
    if out.len() > max_size {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    data[..out.len()].copy_from_slice(&out);
    out.len()
}

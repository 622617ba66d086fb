//! Sheets of vouchers to print and cut up.
//!
//! Deliberately absent: a layout engine. The text fits any printer; the page is one file without
//! scripts, for a browser to print.

use api::voucher::VoucherCodeView;

use super::voucher::worth;

/// Plain text, with lines to cut along.
pub(crate) fn text(issued: &[VoucherCodeView]) -> String {
    let card = |issued: &VoucherCodeView| {
        let mut card = format!("{CUT}\n\n    {}\n\n    {}\n\n", value(issued), issued.code);
        card += &format!("    {}\n", small_print(issued));
        card
    };
    issued.iter().map(card).collect::<String>() + CUT + "\n"
}

/// A page for a browser, with no voucher split between two sheets.
pub(crate) fn html(issued: &[VoucherCodeView]) -> String {
    let card = |issued: &VoucherCodeView| {
        format!(
            "<section><h2>{}</h2><code>{}</code><p>{}</p></section>\n",
            escape(&value(issued)),
            escape(&issued.code),
            escape(&small_print(issued)),
        )
    };
    let cards: String = issued.iter().map(card).collect();
    format!("{HEAD}{cards}</body></html>\n")
}

fn value(issued: &VoucherCodeView) -> String {
    format!("Voucher for {}", worth(&issued.voucher.worth))
}

fn small_print(issued: &VoucherCodeView) -> String {
    let until = issued.voucher.until.map_or_else(String::new, |until| format!(", until {until}"));
    format!("No. {}, can be redeemed once{until}", issued.voucher.id)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const CUT: &str = "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -";
const HEAD: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Vouchers</title><style>
body { margin: 0; font: 12pt sans-serif; display: grid; grid-template-columns: 1fr 1fr }
section { border: 1px dashed #888; padding: 8mm; break-inside: avoid; text-align: center }
h2 { margin: 0 0 5mm; font-size: 14pt }
code { font-size: 12pt; white-space: nowrap }
p { margin: 5mm 0 0; font-size: 8pt; color: #444 }
</style></head><body>
";

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_card_says_what_it_is_worth_and_its_code() {
        let issued: Vec<VoucherCodeView> = from_value(json!([{
            "code": "00000-11111", "id": 7, "state": "issued", "until": null, "member": null,
            "money": null, "item": null, "tier": "a<b", "days": 30,
        }]))
        .unwrap();
        let printed = text(&issued);
        for said in ["Voucher for 30 days of a<b", "00000-11111", "No. 7, can be redeemed once"] {
            assert!(printed.contains(said), "{printed}");
        }
        assert!(printed.starts_with(CUT) && printed.trim_end().ends_with(CUT));
        let page = html(&issued);
        assert!(page.contains("a&lt;b</h2><code>00000-11111</code>"), "{page}");
    }
}

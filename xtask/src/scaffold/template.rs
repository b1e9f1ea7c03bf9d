//! Templates: the files of a feature that is called `widgets`, which compile as they stand, and what another name makes of
//! them. In code one of them is a `widget`; in running text it is a `gadget`, whose words stand apart.

use super::name::{Name, type_case};

/// What a template says, with the feature's name in all of its forms.
pub(super) fn fill(template: &str, name: &Name) -> String {
    let forms = forms(name);
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    let mut last = ' ';
    while let Some(next) = rest.chars().next() {
        let stands_alone = !last.is_alphanumeric();
        let found = forms.iter().find(|form| rest.starts_with(form.from) && (stands_alone || !form.alone));
        let (taken, put) = match found {
            Some(form) => (form.from.len(), form.to.as_str()),
            None => (next.len_utf8(), &rest[..next.len_utf8()]),
        };
        text.push_str(put);
        last = rest[..taken].chars().next_back().unwrap_or(' ');
        rest = &rest[taken..];
    }
    text
}

/// One form of the name.
struct Form {
    from: &'static str,
    to: String,
    /// Whether it counts only where no letter stands before it.
    alone: bool,
}

/// All forms; of those that begin alike, the longer one comes first.
fn forms(Name { many, one }: &Name) -> Vec<Form> {
    let article = if one.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    let words = |snake: &str| snake.replace('_', " ");
    let sentence = |snake: &str| {
        let words = words(snake);
        words[..1].to_ascii_uppercase() + &words[1..]
    };
    let form = |from, to: String| Form { from, to, alone: false };
    let alone = |from, to: String| Form { from, to, alone: true };
    let (_, after) = article.split_at(1);
    vec![
        alone("a_widget", format!("{article}_{one}")),
        alone("a gadget", format!("{article} {}", words(one))),
        alone("A gadget", format!("A{after} {}", words(one))),
        form("widgets", many.clone()),
        form("widget", one.clone()),
        form("Widgets", type_case(many)),
        form("Widget", type_case(one)),
        form("WIDGET", one.to_ascii_uppercase()),
        form("gadgets", words(many)),
        form("gadget", words(one)),
        form("Gadgets", sentence(many)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_name_is_put_in() {
        let template = "//! Gadgets: a gadget. A gadget.\nmod get_widget;\nstruct WidgetsRead(Widget);\n\
                        static WIDGET_NOT_FOUND\nfn a_widget_is_one_of_widgets(gadgets)";
        let filled = fill(template, &Name::parse("price_lists", None).unwrap());
        assert_eq!(
            filled,
            "//! Price lists: a price list. A price list.\nmod get_price_list;\nstruct PriceListsRead(PriceList);\n\
             static PRICE_LIST_NOT_FOUND\nfn a_price_list_is_one_of_price_lists(price lists)"
        );
        let filled =
            fill("a gadget, A gadget, of_a_widget, data_widget", &Name::parse("invoices", None).unwrap());
        assert_eq!(filled, "an invoice, An invoice, of_an_invoice, data_invoice");
    }

    #[test]
    fn the_templates_name_stays_as_it_is() {
        let name = Name::parse("gadgets", None).unwrap();
        assert_eq!(fill("widgets of a gadget", &name), "gadgets of a gadget");
    }
}

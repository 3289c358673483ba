//! What is looked for besides the main scan: custom patterns, and values inside encoded tokens, dumps, rows of bytes and cut lines. Each keeps its own place in the text;
//! a byte is decided when all have passed it.

use crate::beads;
use crate::dump::{self, DumpCursor};
use crate::folded::{self, FoldCursor};
use crate::hit::Span;
use crate::items;
use crate::layer::Layer;
use crate::scan::Plan;
use crate::spelt::{self, SpeltCursor};
use crate::wrapped;

/// Everything a masker looks for.
#[derive(Clone, Debug)]
pub(crate) struct Plans {
    pub(crate) main: Plan,
    pub(crate) more: More,
}

/// Custom detectors, and whether encoded tokens are opened.
#[derive(Clone, Default)]
pub(crate) struct More {
    pub(crate) layers: Vec<Layer>,
    pub(crate) decode: bool,
}

/// Where each stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct MoreCursor {
    layers: Vec<usize>,
    wrapped: Option<usize>,
    dump: Option<DumpCursor>,
    items: Option<usize>,
    spelt: Option<SpeltCursor>,
    folded: Option<FoldCursor>,
    beads: Option<usize>,
}

impl More {
    /// Goes on from the cursor; appends spans in order of their detectors.
    pub(crate) fn scan(&self, main: &Plan, text: &[u8], last: bool, cursor: &mut MoreCursor, spans: &mut Vec<Span>) {
        let found = spans.len();
        cursor.layers.resize(self.layers.len(), 0);
        for (layer, at) in self.layers.iter().zip(&mut cursor.layers) {
            layer.scan(text, last, at, spans);
        }
        if self.decode {
            wrapped::scan(main, text, last, cursor.wrapped.get_or_insert(0), spans);
            dump::scan(main, text, last, cursor.dump.get_or_insert_default(), spans);
            spelt::scan(main, text, last, cursor.spelt.get_or_insert_default(), spans);
            beads::scan(main, text, last, cursor.beads.get_or_insert(0), spans);
            folded::scan(main, text, last, cursor.folded.get_or_insert_default(), spans);
            if main.reads_json() {
                items::scan(main, text, last, cursor.items.get_or_insert(0), spans);
            }
        }
        if spans.len() > found {
            spans.sort_by_key(Span::order);
        }
    }

    /// Looks at what has come of dumps as if they ended here, and tells from where text must be held nevertheless, as more of a value
    /// that began in one may come. The cursor stays: what follows is read together with what was shown.
    pub(crate) fn settle(&self, main: &Plan, text: &[u8], cursor: &MoreCursor, spans: &mut Vec<Span>) -> usize {
        let mut keep = usize::MAX;
        if let Some(dump) = &cursor.dump {
            dump::scan(main, text, true, &mut dump.clone(), spans);
            keep = keep.min(dump::keep(main, text, dump));
        }
        if let Some(spelt) = &cursor.spelt {
            spelt::scan(main, text, true, &mut spelt.clone(), spans);
        }
        cursor.folded.as_ref().map_or(keep, |folded| keep.min(folded::keep(main, text, folded)))
    }

    /// What is found in a whole text.
    pub(crate) fn find(&self, main: &Plan, text: &[u8], spans: &mut Vec<Span>) {
        self.scan(main, text, true, &mut MoreCursor::default(), spans);
    }
}

impl MoreCursor {
    /// Everything before is decided.
    pub(crate) fn decided(&self) -> usize {
        let dump = self.dump.as_ref().map(|dump| dump.at);
        let spelt = self.spelt.as_ref().map(|spelt| spelt.at);
        self.layers
            .iter()
            .copied()
            .chain(self.wrapped)
            .chain(self.items)
            .chain(self.beads)
            .chain(dump)
            .chain(spelt)
            .chain(self.folded.as_ref().map(|folded| folded.at))
            .min()
            .unwrap_or(usize::MAX)
    }

    pub(crate) fn forget(&mut self, count: usize) {
        for at in self.layers.iter_mut().chain(&mut self.wrapped).chain(&mut self.items).chain(&mut self.beads) {
            *at -= count;
        }
        if let Some(dump) = &mut self.dump {
            dump.forget(count);
        }
        if let Some(spelt) = &mut self.spelt {
            spelt.at -= count;
        }
        if let Some(folded) = &mut self.folded {
            folded.at -= count;
        }
    }
}

impl std::fmt::Debug for More {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("More").field("layers", &self.layers.len()).field("decode", &self.decode).finish()
    }
}

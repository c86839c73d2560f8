//! How far a task is, by its own word or by its parts.

use connector_model::{Progress, ProgressSource, Share, StatusCategory};

use super::look::Look;
use super::record::TaskRec;

impl Look<'_> {
    /// Declared progress: the tool's own, else its finished children where all of them are mirrored or the tool counts them.
    pub fn progress(&self, task: &TaskRec) -> Option<Progress> {
        match task.progress {
            Some(booked) if booked.source == ProgressSource::Time => self.child_progress(task, None).or(Some(booked)),
            Some(progress) if progress.source != ProgressSource::Children => Some(progress),
            counted => self.child_progress(task, counted),
        }
    }

    /// The tool counts given up children as done and lags behind; where all are mirrored we count ourselves.
    fn child_progress(&self, task: &TaskRec, counted: Option<Progress>) -> Option<Progress> {
        let children: Vec<&TaskRec> = self.children(task).collect();
        // The tool may count headings.
        let here = self.board().children(task.id).count();
        let all_here = counted.is_none_or(|counted| here >= counted.items as usize);
        if !all_here || children.is_empty() {
            return counted;
        }
        let meant: Vec<&&TaskRec> =
            children.iter().filter(|child| child.category != StatusCategory::Cancelled).collect();
        if meant.len() < 2 {
            return None;
        }
        let weight = |child: &TaskRec| child.estimate_secs.filter(|secs| *secs > 0);
        let weighed = meant.iter().all(|child| weight(child).is_some());
        let of = |child: &TaskRec| if weighed { weight(child).unwrap_or(1) as f64 } else { 1.0 };
        let whole: f64 = meant.iter().map(|child| of(child)).sum();
        let done: f64 =
            meant.iter().filter(|child| child.category == StatusCategory::Done).map(|child| of(child)).sum();
        let items = u32::try_from(meant.len()).unwrap_or(u32::MAX);
        Some(Progress { share: Share::new(done / whole), source: ProgressSource::Children, items })
    }
}

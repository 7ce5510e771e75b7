//! The numbers in a film's header: whom the patient's belongs to, and which orders the film says it was made for.

use db::{
    ActorTx, DbError,
    orders::{self, Ordered},
    patients,
};
use domain::{OrderId, UserId};
use imaging::DicomHeader;

/// What is known by the numbers in a header.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    /// The patient who is registered with the number in it.
    pub(crate) owner: Option<UserId>,
    /// What the film was made for: first by the Study Instance UID that the worklist gave, then by its accession number.
    pub(crate) orders: Vec<Ordered>,
    ordered_as: Option<OrderId>,
}

impl Numbers {
    /// Whether the film has an order's own Study Instance UID.
    pub(crate) fn is_by_study(&self, order: &Ordered) -> bool {
        self.ordered_as == Some(order.order_id)
    }
}

/// The numbers as the header says them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    patient: Option<String>,
    issuer: String,
    order: Option<OrderId>,
    accession: Option<String>,
}

impl Said {
    fn by(header: &DicomHeader) -> Self {
        // PostgreSQL stores no NUL, so nothing is known by a number with one.
        let known = |number: &Option<String>| number.clone().filter(|said| !said.contains('\0'));
        let issuer = header.issuer_of_patient_id.as_deref().unwrap_or_default();
        Self {
            patient: known(&header.patient_id),
            issuer: issuer.replace('\0', ""),
            order: OrderId::of_study_uid(&header.study_uid),
            accession: known(&header.accession_number).filter(|number| !number.is_empty()),
        }
    }

    async fn look_up(&self, tx: &mut ActorTx) -> Result<Numbers, DbError> {
        let owner = match &self.patient {
            Some(number) => patients::owner_of_number(tx, &self.issuer, number).await?,
            None => None,
        };
        let mut orders = orders::of_film(tx, self.order, self.accession.as_deref()).await?;
        orders.sort_by_key(|order| Some(order.order_id) != self.order);
        Ok(Numbers {
            owner,
            orders,
            ordered_as: self.order,
        })
    }
}

/// Looks the numbers of each header up, in their order; films of one study mostly say the same, which is asked once.
pub(crate) async fn look_up<'a>(
    tx: &mut ActorTx,
    headers: impl Iterator<Item = &'a DicomHeader>,
) -> Result<Vec<Numbers>, DbError> {
    let mut found: Vec<Numbers> = Vec::new();
    let mut before = None;
    for header in headers {
        let said = Said::by(header);
        let numbers = match (&before, found.last()) {
            (Some(before), Some(last)) if *before == said => last.clone(),
            _ => said.look_up(tx).await?,
        };
        found.push(numbers);
        before = Some(said);
    }
    Ok(found)
}

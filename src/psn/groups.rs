//! The groups of people who write to each other, and their open parties: `gamingLoungeGroups/v1`.

use reqwest::Method;

use super::{
    Error, Psn,
    call::Call,
    wire::{
        groups::{self, CreatedGroup, Groups, NewGroup, OpenParties},
        party_requests::To,
    },
};
use crate::model::{AccountId, Group, GroupId, OpenParty, ThreadId};

pub(super) const ROOT: &str = "/gamingLoungeGroups/v1";
const MINE: &str = "/gamingLoungeGroups/v1/members/me/groups";
const FIELDS: &str = "groupName,groupIcon,members,mainThread,joinedTimestamp,modifiedTimestamp,totalGroupCount,isFavorite,\
                      existsNewArrival,partySessions";
const PAGE: usize = 200;
/// Of favourites and of others, each.
const MAX_GROUPS: usize = 1000;
const MAX_OPEN_PARTIES: usize = 100;

impl Psn {
    /// All groups, the favourites first.
    pub async fn groups(&self) -> Result<Vec<Group>, Error> {
        let mut groups = self.groups_that("favorite").await?;
        groups.iter_mut().for_each(|group| group.is_favorite = true);
        groups.extend(self.groups_that("notFavorite").await?);
        Ok(groups)
    }

    async fn groups_that(&self, filter: &str) -> Result<Vec<Group>, Error> {
        let mut groups = Vec::new();
        for page in 0..MAX_GROUPS / PAGE {
            let offset = page * PAGE;
            let call = self
                .on_groups("groups", Method::GET, MINE)
                .in_the_background()
                .query(&[("favoriteFilter", filter), ("includeFields", FIELDS)])
                .query(&[("limit", &PAGE.to_string()), ("offset", &offset.to_string())]);
            let page: Groups = self.http.fetch(call).await?;
            groups.extend(page.groups.into_iter().take(PAGE).map(Group::from));
            if page.next_offset.is_none_or(|next| (next as usize) < offset + PAGE) {
                break;
            }
        }
        Ok(groups)
    }

    pub async fn group(&self, group: &GroupId) -> Result<Group, Error> {
        let call = self
            .on_groups("group", Method::GET, &format!("{MINE}/{}", group.as_str()))
            .in_the_background()
            .query(&[("includeFields", FIELDS)]);
        let group: groups::Group = self.http.fetch(call).await?;
        Ok(group.into())
    }

    /// The group of the user and `invitees`; that of two people is the one that exists, if there is one **\[I\]**.
    pub async fn create_group(&self, invitees: &[AccountId]) -> Result<(GroupId, ThreadId), Error> {
        let invitees = invitees.iter().map(|account| To { account_id: *account }).collect();
        let call = self.on_groups("create group", Method::POST, &format!("{ROOT}/groups"));
        let created: CreatedGroup = self.http.fetch(call.json(&NewGroup { invitees })).await?;
        Ok((GroupId(created.group_id), ThreadId(created.main_thread.thread_id)))
    }

    /// Parties of the user's groups that one may walk into.
    pub async fn open_parties(&self) -> Result<Vec<OpenParty>, Error> {
        let call = self
            .on_groups("open parties", Method::GET, &format!("{MINE}/openPartySessions"))
            .in_the_background();
        let answer: OpenParties = self.http.fetch(call).await?;
        Ok(answer.open_party_sessions.into_iter().take(MAX_OPEN_PARTIES).map(Into::into).collect())
    }

    /// These calls are refused without a language **[C]**.
    pub(super) fn on_groups(&self, what: &'static str, method: Method, path: &str) -> Call {
        self.http.call(what, method, path).header("Accept-Language", "en-US")
    }
}

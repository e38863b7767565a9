// SPDX-License-Identifier: Apache-2.0
#include "gateway/share_groups.hpp"

#include "mqtt/topic.hpp"

#include <algorithm>
#include <utility>

namespace otabahn::gateway {
namespace {

constexpr std::size_t drained_at_once = 20;  // for each member and second: AWS's rate

}  // namespace

// Members that are online stand first.
class ShareGroup {
  public:
    explicit ShareGroup(ShareKey group) : key(std::move(group)), queue_key{key.scope, key.filter} {
        subscription.filter = mqtt::split_shared(key.filter)->filter;
        subscription.qos = 1;
        subscription.group = this;
    }

    struct Member : ShareMember {
        bool busy = false;
    };

    Member* find(const SessionKey& member) {
        const auto found = places_.find(member);
        return found == places_.end() ? nullptr : &members[found->second];
    }
    Member& add(const ShareMember& member) {
        places_.emplace(member.key, members.size());
        members.push_back({member, false});
        members.back().online = false;
        persistent += member.persistent ? 1 : 0;
        return members.back();
    }
    void erase(const SessionKey& member) {
        set_online(*find(member), false);
        const std::size_t place = places_.at(member);
        persistent -= members[place].persistent ? 1 : 0;
        places_.erase(member);
        if (place != members.size() - 1) {
            members[place] = std::move(members.back());
            places_[members[place].key] = place;
        }
        members.pop_back();
    }
    void set_online(Member& member, bool now) {
        if (member.online == now) return;
        member.online = now;
        member.busy = false;
        swap_places(places_.at(member.key), now ? online++ : --online);
    }

    ShareKey key;
    SessionKey queue_key;  // no client id begins with `$`
    Subscription subscription;
    std::vector<Member> members;
    std::size_t online = 0, persistent = 0;
    std::int64_t next_sequence = 1;
    std::size_t stored = 0;
    std::size_t draining = 0;  // of what was fetched, not answered yet
    std::size_t asked = 0;     // stored when the fetch began
    bool fetching = false;

  private:
    void swap_places(std::size_t one, std::size_t other) {
        if (one == other) return;
        std::swap(members[one], members[other]);
        places_[members[one].key] = one;
        places_[members[other].key] = other;
    }
    std::unordered_map<SessionKey, std::size_t, SessionKeyHash> places_;
};

ShareGroups::ShareGroups(Host& host, const Limits& limits) : host_(host), limits_(limits) {}
ShareGroups::~ShareGroups() = default;

ShareGroup* ShareGroups::find(const ShareKey& key) const {
    const auto found = groups_.find(key);
    return found == groups_.end() ? nullptr : found->second.get();
}

std::size_t ShareGroups::stored(const ShareKey& key) const {
    const auto* group = find(key);
    return group == nullptr ? 0 : group->stored;
}

void ShareGroups::set(const ShareKey& key, ShareMember member) {
    auto& place = groups_[key];
    if (!place) {
        place = std::make_unique<ShareGroup>(key);
        host_.hang_up(place->subscription, key.scope);
    }
    auto& group = *place;
    auto* known = group.find(member.key);
    if (known != nullptr && member.version < known->version) return;
    if (known == nullptr) known = &group.add(member);
    group.persistent += (member.persistent ? 1 : 0) - (known->persistent ? 1 : 0);
    known->persistent = member.persistent;
    known->session = member.session;
    known->version = member.version;
    known->loop = member.loop;
    known->qos = member.qos;
    group.set_online(*known, member.online);
}

void ShareGroups::remove(const ShareKey& key, const SessionKey& member, std::uint64_t version) {
    auto* group = find(key);
    if (group == nullptr) return;
    const auto* known = group->find(member);
    if (known == nullptr || version < known->version) return;
    group->erase(member);
    if (!group->members.empty()) return;
    host_.take_down(group->subscription, key.scope);
    if (group->stored != 0) host_.end(group->queue_key);
    groups_.erase(key);
}

void ShareGroups::restore(const ShareKey& key, std::int64_t last_sequence, std::size_t stored) {
    auto* group = find(key);
    if (group == nullptr) return;
    group->next_sequence = last_sequence + 1;
    group->stored = stored;
}

void ShareGroups::distribute(ShareGroup& group, const MessagePtr& message, const TicketPtr& ticket) {
    choose(group, {group.key, group.queue_key, 0, 0, message, 0, ticket});
}

void ShareGroups::choose(ShareGroup& group, ShareHandout handout) {
    const std::size_t first = group.online == 0 ? 0 : random_() % group.online;
    ShareGroup::Member* chosen = nullptr;
    for (std::size_t i = 0; i < group.online && chosen == nullptr; ++i) {
        auto& member = group.members[(first + i) % group.online];
        if (!member.busy || handout.urgent) chosen = &member;
    }
    if (chosen == nullptr && group.online != 0 && !handout.queued && (group.persistent == 0 || handout.message->qos == 0)) {
        handout.urgent = true;
        chosen = &group.members[first];
    }
    if (chosen == nullptr) return queue(group, handout);
    handout.member = chosen->key;
    handout.session = chosen->session;
    handout.version = chosen->version;
    handout.qos = std::min(chosen->qos, handout.message->qos);
    host_.hand_out(chosen->loop, std::move(handout));
}

// QoS 0 is for those that are online; a persistent member may want the rest later.
void ShareGroups::queue(ShareGroup& group, const ShareHandout& handout) {
    if (handout.queued) return handout.ticket->fail(PublishOutcome::not_stored);
    if (handout.message->qos == 0 || group.persistent == 0 || group.stored >= limits_.stored_messages) return;
    ++group.stored;
    host_.keep(group.queue_key, group.next_sequence++, handout.message, false, handout.ticket);
}

void ShareGroups::returned(ShareHandout handout, ShareReturn why) {
    auto* group = find(handout.group);
    if (group == nullptr) {
        if (handout.queued) handout.ticket->fail(PublishOutcome::not_stored);
        return;
    }
    if (auto* member = group->find(handout.member); member != nullptr && member->version == handout.version) {
        if (why == ShareReturn::busy) {
            member->busy = true;
        } else {
            group->set_online(*member, false);
        }
    }
    choose(*group, std::move(handout));
}

void ShareGroups::tick() {
    for (auto& [key, group] : groups_) {
        for (std::size_t i = 0; i < group->online; ++i) group->members[i].busy = false;
        if (group->stored == 0 || group->online == 0 || group->fetching || group->draining != 0) continue;
        group->fetching = true;
        group->asked = group->stored;
        host_.fetch(key, drained_at_once * group->online);
    }
}

void ShareGroups::fetched(const ShareKey& key, std::optional<std::vector<StoredMessage>> messages) {
    auto* group = find(key);
    if (group == nullptr) return;
    group->fetching = false;
    if (!messages) return;
    // What was counted then has gone otherwise; what came since has not.
    if (messages->empty()) group->stored -= std::min(group->asked, group->stored);
    group->draining = messages->size();
    for (auto& stored : *messages) {
        ShareHandout handout{key, group->queue_key, 0, 0, std::move(stored.message), 0, host_.drain_ticket(key, stored.sequence)};
        handout.queued = true;
        choose(*group, std::move(handout));
    }
}

void ShareGroups::drained(const ShareKey& key, std::int64_t sequence, bool taken) {
    auto* group = find(key);
    if (group == nullptr) return;
    if (group->draining != 0) --group->draining;
    if (!taken) return;
    host_.drop(group->queue_key, sequence, nullptr);
    if (group->stored != 0) --group->stored;
}

}  // namespace otabahn::gateway

// SPDX-License-Identifier: Apache-2.0
#include "apps/otabahn-load/messages.hpp"

#include "apps/otabahn-load/crowd.hpp"
#include "apps/otabahn-load/watch.hpp"

#include <algorithm>
#include <cstdio>

namespace otabahn::load {
namespace {

constexpr std::chrono::milliseconds warm_up{300};

class Party;

// Counts of one group; its publisher is told when there is room for more.
struct Group {
    const PassMessages* wanted = nullptr;
    std::string topic;
    Party* publisher = nullptr;
    Wire* wire = nullptr;  // the publisher's
    std::uint64_t published = 0, delivered = 0;

    void publish_while_there_is_room();
};

// A publisher or a subscriber of a group.
class Party final : public MqttTalk {
  public:
    Party(std::string client_id, Group& group, bool subscribes) : MqttTalk(std::move(client_id)), group_(group), subscribes_(subscribes) {}
    bool ready() const { return ready_; }

  private:
    void connected(Wire& wire) override {
        if (!subscribes_) {
            ready_ = true;
            return;
        }
        subscribe(wire, group_.topic, group_.wanted->qos);
    }
    void subscribed(Wire&) override { ready_ = true; }
    void message(Wire&, std::string_view, ByteView, std::size_t) override {
        ++group_.delivered;
        group_.publish_while_there_is_room();
    }
    Group& group_;
    bool subscribes_, ready_ = false;
};

// Half of what may be under way at once, so that every server gets its messages in the same pieces, however fast it is.
void Group::publish_while_there_is_room() {
    static const std::vector<std::uint8_t> payload(1 << 17, 0x5a);
    const std::size_t burst = std::max<std::size_t>(1, wanted->under_way / 2);
    if (published - delivered / wanted->subscribers + burst > wanted->under_way) return;
    for (std::size_t i = 0; i < burst; ++i) {
        ++published;
        publisher->publish(*wire, topic, ByteView(payload).first(wanted->payload_bytes), wanted->qos);
    }
}

}  // namespace

Result<void> pass_messages(const PassMessages& wanted) {
    auto target = load_target(wanted.bundle, wanted.endpoint);
    if (!target) return Unexpected(target.error());
    Watch watch(wanted.servers);
    if (auto checked = watch.check(); !checked) return checked;
    std::vector<Group> groups(wanted.groups);
    Crowd<Party> crowd(*target);
    std::vector<std::size_t> publishers;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        auto& group = groups[g];
        group.wanted = &wanted;
        group.topic = "bench/group/" + std::to_string(g);
        for (std::size_t s = 0; s < wanted.subscribers; ++s)
            crowd.add("subscriber-" + std::to_string(g) + "-" + std::to_string(s), group, true);
        publishers.push_back(crowd.size());
        group.publisher = &crowd.add("publisher-" + std::to_string(g), group, false);
    }
    if (auto opened = crowd.open(); !opened) return opened;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        groups[g].wire = &crowd.wire(publishers[g]);
        groups[g].publish_while_there_is_room();
    }
    const auto delivered = [&] {
        std::uint64_t out = 0;
        for (const auto& group : groups) out += group.delivered;
        return out;
    };
    if (auto warm = crowd.run_for(warm_up); !warm) return warm;
    const auto before = delivered();
    watch.begin();
    if (auto ran = crowd.run_for(std::chrono::duration<double>(wanted.seconds)); !ran) return ran;
    const Usage usage = watch.end();
    const auto count = delivered() - before;
    std::printf("{\"published\": %.1f, \"delivered\": %llu, %s}\n", static_cast<double>(count) / static_cast<double>(wanted.subscribers),
                static_cast<unsigned long long>(count), to_json(usage).c_str());
    return {};
}

}  // namespace otabahn::load

// SPDX-License-Identifier: Apache-2.0
// Who gets a message: the topic filters of one (account, region) on one loop as a trie by levels. A lookup costs the
// levels of the topic and the matches, not the number of sessions; adding and removing a subscription is constant in it too.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace otabahn::gateway {

class Session;
class ShareGroup;
class SubscriptionIndex;

// One filter of one session. The session owns it; the index knows where it hangs. A shared one ($share/…) does not hang there:
// its group does, by the filter within.
struct Subscription {
    Session* session = nullptr;
    ShareGroup* group = nullptr;  // instead of a session: that of a group
    std::string filter;           // as sent
    bool shared = false;
    std::uint8_t qos = 0;
    bool no_local = false;
    bool retain_as_published = false;
    bool indexed() const { return node_ != nullptr; }

  private:
    friend class SubscriptionIndex;
    void* node_ = nullptr;
    std::size_t position_ = 0;
};

class SubscriptionIndex {
  public:
    SubscriptionIndex();
    ~SubscriptionIndex();
    SubscriptionIndex(const SubscriptionIndex&) = delete;
    SubscriptionIndex& operator=(const SubscriptionIndex&) = delete;

    // The filter's form is checked before. `subscription` stays where it is until remove().
    void add(Subscription& subscription);
    void remove(Subscription& subscription);
    std::size_t size() const { return size_; }

    template <class F>
    void match(std::string_view topic, F visit) const {
        const bool reserved = !topic.empty() && topic.front() == '$';
        match_below(*root_, topic, false, reserved, visit);
    }

  private:
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };
    struct Node {
        Node* parent = nullptr;
        std::string level;
        std::unordered_map<std::string, std::unique_ptr<Node>, TextHash, std::equal_to<>> children;  // `+` among them
        std::vector<Subscription*> here;                                                             // filters that end at this level
        std::vector<Subscription*> below;  // filters that end in `#` under this level
        bool unused() const { return children.empty() && here.empty() && below.empty(); }
    };

    // `ended`: the topic has no level left. AWS: `a/#` does not match `a`, so `below` needs one more level.
    template <class F>
    static void match_below(const Node& node, std::string_view rest, bool ended, bool reserved_first, F& visit) {
        if (ended) {
            for (Subscription* subscription : node.here) visit(*subscription);
            return;
        }
        if (!reserved_first)
            for (Subscription* subscription : node.below) visit(*subscription);
        if (node.children.empty()) return;
        const std::size_t slash = rest.find('/');
        const std::string_view level = rest.substr(0, slash);
        const bool last = slash == std::string_view::npos;
        const std::string_view after = last ? std::string_view() : rest.substr(slash + 1);
        if (const auto exact = node.children.find(level); exact != node.children.end())
            match_below(*exact->second, after, last, false, visit);
        if (reserved_first || level == "+") return;
        if (const auto any = node.children.find(std::string_view("+")); any != node.children.end())
            match_below(*any->second, after, last, false, visit);
    }

    std::unique_ptr<Node> root_;
    std::size_t size_ = 0;
};

}  // namespace otabahn::gateway

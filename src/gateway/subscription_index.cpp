// SPDX-License-Identifier: Apache-2.0
#include "gateway/subscription_index.hpp"

namespace otabahn::gateway {

SubscriptionIndex::SubscriptionIndex() : root_(std::make_unique<Node>()) {}
SubscriptionIndex::~SubscriptionIndex() = default;

void SubscriptionIndex::add(Subscription& subscription) {
    Node* node = root_.get();
    std::string_view rest = subscription.filter;
    bool hash = false;
    for (bool more = true; more;) {
        const std::size_t slash = rest.find('/');
        const std::string_view level = rest.substr(0, slash);
        more = slash != std::string_view::npos;
        if (more) rest.remove_prefix(slash + 1);
        if (level == "#") {
            hash = true;
            break;
        }
        auto found = node->children.find(level);
        if (found == node->children.end()) {
            auto child = std::make_unique<Node>();
            child->parent = node;
            child->level = level;
            found = node->children.emplace(std::string(level), std::move(child)).first;
        }
        node = found->second.get();
    }
    auto& list = hash ? node->below : node->here;
    subscription.node_ = node;
    subscription.position_ = list.size();
    list.push_back(&subscription);
    ++size_;
}

void SubscriptionIndex::remove(Subscription& subscription) {
    auto* node = static_cast<Node*>(subscription.node_);
    if (node == nullptr) return;
    auto& list = subscription.filter.back() == '#' ? node->below : node->here;
    list[subscription.position_] = list.back();
    list[subscription.position_]->position_ = subscription.position_;
    list.pop_back();
    subscription.node_ = nullptr;
    --size_;
    while (node->parent != nullptr && node->unused()) {
        Node* parent = node->parent;
        parent->children.erase(parent->children.find(std::string_view(node->level)));
        node = parent;
    }
}

}  // namespace otabahn::gateway

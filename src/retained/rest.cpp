// SPDX-License-Identifier: Apache-2.0
// GetRetainedMessage and ListRetainedMessages of the iot-data API (spec gateway 1.13).
#include "retained/retained.hpp"

#include "api/iot-data.hpp"
#include "encoding/base64_string.hpp"
#include "mqtt/property.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace otabahn::retained {
namespace {

using awsapi::Caller;
using awsapi::Outcome;
namespace data = api::iot_data;

constexpr int page_at_most = 200;

// The action belongs to the iot prefix, as all of this service's do.
template <class Op, class Resource, class Handler>
void bind(awsapi::Operations& operations, access::Access& access, Resource resource, Handler handler) {
    operations.bind<Op>([&access, resource, handler](const Caller& caller, const typename Op::Input& in) -> Outcome<typename Op::Output> {
        if (auto allowed = access.check_caller(caller, "iot:" + std::string(Op::name), resource(caller.scope, in)); !allowed)
            return Unexpected(awsapi::to_service_error(Op::service, allowed.error()));
        auto out = handler(caller.scope, in);
        if (!out) return Unexpected(awsapi::to_service_error(Op::service, out.error()));
        return std::move(*out);
    });
}

// [{"name":"value"}, …] in their order, as clients give them to Publish; nothing when there are none.
std::optional<std::string> user_properties(const std::string& encoded) {
    const auto properties = mqtt::Properties::parse(as_bytes(encoded), mqtt::packet_bit(mqtt::PacketType::publish));
    if (!properties) return std::nullopt;
    boost::json::array out;
    properties->for_each([&](const mqtt::Property& property) {
        if (property.id == mqtt::PropertyId::user_property)
            out.push_back(boost::json::object{{boost::json::string_view(property.text.data(), property.text.size()),
                                               boost::json::string_view(property.value.data(), property.value.size())}});
    });
    if (out.empty()) return std::nullopt;
    return boost::json::serialize(out);
}

}  // namespace

void Retained::bind_rest(awsapi::Operations& operations) {
    bind<data::GetRetainedMessage>(
        operations, access_,
        [](const Scope& scope, const data::GetRetainedMessageRequest& in) { return scope.arn("iot", "topic/" + in.topic); },
        [this](const Scope& scope, const data::GetRetainedMessageRequest& in) -> Result<data::GetRetainedMessageResponse> {
            auto found = get(scope, in.topic);
            if (!found) return Unexpected(std::move(found).error());
            return data::GetRetainedMessageResponse{.topic = in.topic,
                                                    .payload = std::move(found->payload),
                                                    .qos = found->qos,
                                                    .last_modified_time = to_millis(found->modified),
                                                    .user_properties = user_properties(found->properties)};
        });
    bind<data::ListRetainedMessages>(
        operations, access_, [](const Scope&, const data::ListRetainedMessagesRequest&) { return std::string("*"); },
        [this](const Scope& scope, const data::ListRetainedMessagesRequest& in) -> Result<data::ListRetainedMessagesResponse> {
            const int wanted = in.max_results.value_or(page_at_most);
            if (wanted < 1 || wanted > page_at_most)
                return fail(ErrorCode::invalid_request,
                            "A page holds 1 to 200 retained messages; maxResults is " + std::to_string(wanted) + ".");
            // A token is the last topic of the page before: no cursor is kept.
            std::string after;
            if (in.next_token) {
                auto text = encoding::from_hex(*in.next_token);
                if (!text || text->empty())
                    return fail(ErrorCode::invalid_request,
                                "nextToken is none that ListRetainedMessages gave out; start again without one.");
                after = std::move(*text);
            }
            auto rows = list(scope, after, static_cast<std::size_t>(wanted) + 1);
            data::ListRetainedMessagesResponse out;
            out.retained_topics.emplace();
            if (rows.size() > static_cast<std::size_t>(wanted)) {
                rows.pop_back();
                out.next_token = encoding::to_hex(rows.back().topic);
            }
            for (auto& row : rows)
                out.retained_topics->push_back({.topic = std::move(row.topic),
                                                .payload_size = row.payload_size,
                                                .qos = row.qos,
                                                .last_modified_time = to_millis(row.modified)});
            return out;
        });
}

}  // namespace otabahn::retained

// SPDX-License-Identifier: Apache-2.0
#include "shadow/messages.hpp"

#include "awsapi/json_object.hpp"

namespace otabahn::shadow {
namespace {

using awsapi::JsonObject;

std::string state_of(const Value& value) {
    std::string out;
    append_state(out, value);
    return out;
}

std::string metadata_of(const Value& value) {
    std::string out;
    append_metadata(out, value);
    return out;
}

std::string finish(JsonObject& message, const ClientToken& token) {
    if (token) message.add_text("clientToken", *token);
    return message.text();
}

std::string format_document(const Document& document) {
    return JsonObject()
        .add("state", format_state(document.sections))
        .add("metadata", format_metadata(document.sections))
        .add_number("version", document.version)
        .text();
}

}  // namespace

std::string format_update_accepted(const Update& update, std::int64_t version, Timestamp now) {
    JsonObject out;
    if (update.nothing_stays) {
        out.add("state", "null").add("metadata", JsonObject().add_number("timestamp", to_seconds(now)).text());
    } else {
        Sections said{update.desired, update.reported};
        if (said.desired) stamp(*said.desired, to_seconds(now));
        if (said.reported) stamp(*said.reported, to_seconds(now));
        out.add("state", format_state(said)).add("metadata", format_metadata(said));
    }
    return finish(out.add_number("version", version).add_number("timestamp", to_seconds(now)), update.client_token);
}

std::string format_get_accepted(const Document& document, const ClientToken& token, Timestamp now) {
    const auto& sections = document.sections;
    JsonObject state;
    if (sections.desired) state.add("desired", state_of(*sections.desired));
    if (sections.reported) state.add("reported", state_of(*sections.reported));
    if (const auto delta = delta_of(sections)) state.add("delta", state_of(*delta));
    JsonObject out;
    out.add("state", state.text()).add("metadata", format_metadata(sections));
    return finish(out.add_number("version", document.version).add_number("timestamp", to_seconds(now)), token);
}

std::string format_delete_accepted(std::int64_t version, const ClientToken& token, Timestamp now) {
    JsonObject out;
    return finish(out.add_number("version", version).add_number("timestamp", to_seconds(now)), token);
}

std::string format_delta(const Value& delta, std::int64_t version, const ClientToken& token, Timestamp now) {
    JsonObject out;
    out.add_number("version", version).add_number("timestamp", to_seconds(now));
    return finish(out.add("state", state_of(delta)).add("metadata", metadata_of(delta)), token);
}

std::string format_documents(const Updated& updated, const ClientToken& token, Timestamp now) {
    JsonObject out;
    out.add("previous", updated.before ? format_document(*updated.before) : "{}");
    return finish(out.add("current", format_document(updated.after)).add_number("timestamp", to_seconds(now)), token);
}

std::string format_rejected(const Refusal& refusal, const ClientToken& token, Timestamp now) {
    JsonObject out;
    out.add_number("code", refusal.code).add_text("message", refusal.message).add_number("timestamp", to_seconds(now));
    return finish(out, token);
}

}  // namespace otabahn::shadow

// SPDX-License-Identifier: Apache-2.0
#include "awsapi/codec.hpp"

#include "awsapi/error_envelope.hpp"
#include "awsapi/form_body.hpp"
#include "awsapi/http_bindings.hpp"
#include "awsapi/json_body.hpp"
#include "awsapi/judge.hpp"
#include "awsapi/text_values.hpp"
#include "awsapi/xml_body.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace otabahn::awsapi {

namespace {

constexpr std::string_view xml_head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

bool has_body_members(const ShapeRow& shape) {
    return std::any_of(shape.members.begin(), shape.members.end(),
                       [](const MemberRow& member) { return member.location == Location::body; });
}

// GetBucketLocation's answer is the element of its one member: <LocationConstraint>eu-west-1</LocationConstraint>.
const MemberRow* member_that_is_root(const OperationRow& operation) {
    const auto& members = operation.output->members;
    return members.size() == 1 && members.front().location == Location::body && members.front().wire_name == operation.xml_root &&
                   is_scalar(members.front().shape->kind)
               ? &members.front()
               : nullptr;
}

std::string xml_document(std::string_view root, std::string_view name_space, const std::string& children) {
    std::string out(xml_head);
    out.append("<").append(root);
    if (!name_space.empty()) out.append(" xmlns=\"").append(name_space).append("\"");
    return out.append(">").append(children).append("</").append(root).append(">");
}

// ---- the server reads

void decode_json_rest(const ShapeRow& shape, const Request& request, void* input, Judge& judge) {
    bool any = has_body_members(shape);
    // The guide shows some query members (force) in the body; both are taken, the query wins.
    for (const MemberRow& member : shape.members) any = any || (member.location == Location::query && !request.body.empty());
    if (!any) return;
    const auto parsed = parse_json_object(request.body, judge);
    const auto& object = parsed.get_object();
    decode_json(shape, object, input, judge);
    for (const MemberRow& member : shape.members) {
        if (member.location != Location::query || request.find_query(member.wire_name)) continue;
        const auto* const found = object.if_contains(boost::json::string_view(member.wire_name.data(), member.wire_name.size()));
        if (!found || found->is_null()) continue;
        const Judge::Place here(judge, member);
        decode_json_value(*member.shape, *found, member.emplace(input), judge);
    }
}

void decode_payload(const ShapeRow& shape, const Request& request, void* input, Judge& judge) {
    const MemberRow& member = *shape.payload;
    const Judge::Place here(judge, member);
    if (request.body.empty()) {
        if (member.required) judge.missing_here();
        return;
    }
    if (member.shape->kind != Kind::structure) {  // the body itself, as it came
        auto* const text = static_cast<std::string*>(member.emplace(input));
        *text = request.body;
        return judge.value(*member.shape, text);
    }
    pugi::xml_document document;
    const auto root = parse_xml(request.body, document, judge);
    if (!root) return;
    if (local_name(root) != member.wire_name)
        return judge.malformed("the root element is " + std::string(local_name(root)) + ", and " + std::string(member.wire_name) +
                               " is due");
    decode_xml(*member.shape, root, member.emplace(input), judge);
}

void decode_by_family(const Route& route, const Request& request, void* input, Judge& judge) {
    const ShapeRow& shape = *route.operation->input;
    switch (route.operation->service->family) {
        case Family::rest_json:
        case Family::rest_xml:
            decode_bindings(shape, route, request, input, judge);
            if (shape.streaming_payload) return;
            if (shape.payload) return decode_payload(shape, request, input, judge);
            if (route.operation->service->family == Family::rest_json) decode_json_rest(shape, request, input, judge);
            return;
        case Family::query:
            return decode_form(shape, parse_form(request), input, judge);
        case Family::json_1_1: {
            const auto parsed = parse_json_object(request.body, judge);
            return decode_json(shape, parsed.get_object(), input, judge);
        }
    }
}

// ---- the server writes

void encode_rest_json_output(const OperationRow& operation, const void* output, Response& to) {
    const ShapeRow& shape = *operation.output;
    encode_response_headers(shape, output, to.headers);
    to.headers.set("Content-Type", "application/json");
    if (shape.payload) {  // a shadow: the document itself
        const void* const value = shape.payload->find(output);
        if (value) to.body = *static_cast<const std::string*>(value);
        return;
    }
    to.body = encode_json(shape, output);
}

void encode_rest_xml_output(const OperationRow& operation, const void* output, Response& to) {
    const ShapeRow& shape = *operation.output;
    const std::string_view space = operation.service->xml_namespace;
    encode_response_headers(shape, output, to.headers);
    if (shape.payload && shape.payload->shape->kind != Kind::structure) {  // a bucket's policy: JSON
        const void* const value = shape.payload->find(output);
        if (value) to.body = *static_cast<const std::string*>(value);
        return to.headers.set("Content-Type", "application/json");
    }
    if (operation.xml_root.empty()) return;
    std::string children;
    if (const MemberRow* const root = member_that_is_root(operation)) {
        if (const void* const value = root->find(output)) append_xml_text(children, to_text(*root->shape, value, TimestampForm::iso8601));
    } else if (shape.payload) {
        if (const void* const value = shape.payload->find(output))
            append_xml(children, *shape.payload->shape, value, TimestampForm::iso8601, true);
    } else {
        append_xml(children, shape, output, TimestampForm::iso8601, true);
    }
    to.body = xml_document(operation.xml_root, space, children);
    to.headers.set("Content-Type", "application/xml");
}

void encode_query_output(const OperationRow& operation, const void* output, std::string_view request_id, Response& to) {
    const std::string response(std::string(operation.name) + "Response");
    std::string children;
    if (operation.output) {
        children.append("<").append(operation.xml_root).append(">");
        append_xml(children, *operation.output, output, TimestampForm::iso8601_seconds, false);
        children.append("</").append(operation.xml_root).append(">");
    }
    children.append("<ResponseMetadata><RequestId>").append(request_id).append("</RequestId></ResponseMetadata>");
    to.body = xml_document(response, operation.service->xml_namespace, children);
    to.headers.set("Content-Type", "text/xml");
}

// ---- the client reads

void decode_xml_output(const OperationRow& operation, const Response& response, void* output, Judge& judge) {
    const ShapeRow& shape = *operation.output;
    if (operation.xml_root.empty()) return;
    pugi::xml_document document;
    auto root = parse_xml(response.body, document, judge);
    if (!root) return;
    if (operation.service->family == Family::query) {
        root = child_of(root, operation.xml_root);
        if (!root) return judge.malformed("the answer holds no " + std::string(operation.xml_root));
    }
    if (const MemberRow* const member = operation.service->family == Family::rest_xml ? member_that_is_root(operation) : nullptr) {
        if (const std::string text = text_of(root); !text.empty()) assign_text(*member->shape, text, member->emplace(output));
    } else if (shape.payload) {
        decode_xml(*shape.payload->shape, root, shape.payload->emplace(output), judge);
    } else {
        decode_xml(shape, root, output, judge);
    }
}

bool is_error_document(const OperationRow& operation, const Response& response) {
    return operation.service->family == Family::rest_xml && !operation.xml_root.empty() &&
           response.body.find("<Error>") != std::string::npos &&
           response.body.find("</" + std::string(operation.xml_root) + ">") == std::string::npos;
}

}  // namespace

Outcome<void> decode_input(const Route& route, const Request& request, void* input) {
    if (!route.operation->input) return {};
    Judge judge(*route.operation->service);
    decode_by_family(route, request, input, judge);
    if (judge.satisfied()) return {};
    return Unexpected(judge.refusal());
}

Response encode_output(const OperationRow& operation, const void* output, std::string_view request_id) {
    Response out;
    out.status = operation.success_status;
    add_request_id(*operation.service, request_id, out.headers);
    switch (operation.service->family) {
        case Family::rest_json:
            if (operation.output) {
                encode_rest_json_output(operation, output, out);
            } else {
                out.headers.set("Content-Type", "application/json");
                out.body = "{}";
            }
            break;
        case Family::rest_xml:
            if (operation.output) encode_rest_xml_output(operation, output, out);
            break;
        case Family::query:
            encode_query_output(operation, output, request_id, out);
            break;
        case Family::json_1_1:
            out.headers.set("Content-Type", "application/x-amz-json-1.1");
            if (operation.output) out.body = encode_json(*operation.output, output);
            break;
    }
    return out;
}

Response encode_error(const ServiceRow& service, const ServiceError& error, std::string_view request_id, bool head) {
    return write_error(service, error, request_id, head);
}

Request encode_request(const OperationRow& operation, const void* input) {
    Request out;
    const ShapeRow* const shape = operation.input;
    switch (operation.service->family) {
        case Family::rest_json:
        case Family::rest_xml: {
            encode_bindings(operation, input, out);
            if (!shape || shape->streaming_payload) break;
            const MemberRow* const payload = shape->payload;
            if (payload) {
                const void* const value = payload->find(input);
                if (!value) break;
                if (payload->shape->kind == Kind::structure) {
                    std::string children;
                    append_xml(children, *payload->shape, value, TimestampForm::iso8601, false);
                    out.body = xml_document(payload->wire_name, operation.service->xml_namespace, children);
                    out.headers.set("Content-Type", "application/xml");
                } else {
                    out.body = *static_cast<const std::string*>(value);
                    if (!out.headers.contains("Content-Type")) out.headers.set("Content-Type", "application/octet-stream");
                }
            } else if (has_body_members(*shape)) {
                out.body = encode_json(*shape, input);
                out.headers.set("Content-Type", "application/json");
            }
            break;
        }
        case Family::query:
            out.method = "POST";
            out.path = "/";
            out.body = "Action=" + std::string(operation.name) + "&Version=" + std::string(operation.service->api_version);
            if (shape) append_form(out.body, *shape, input);
            out.headers.set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
            break;
        case Family::json_1_1:
            out.method = "POST";
            out.path = "/";
            out.body = shape ? encode_json(*shape, input) : "{}";
            out.headers.set("Content-Type", "application/x-amz-json-1.1");
            out.headers.set("X-Amz-Target", std::string(operation.service->target_prefix) + "." + std::string(operation.name));
            break;
    }
    return out;
}

Outcome<void> decode_output(const OperationRow& operation, const Response& response, void* output) {
    if (!operation.output) return {};
    if (is_error_document(operation, response)) return Unexpected(read_error(*operation.service, response));
    const ShapeRow& shape = *operation.output;
    Judge judge(*operation.service, Judge::Mode::lenient);
    const bool rest = operation.service->family == Family::rest_json || operation.service->family == Family::rest_xml;
    if (rest) decode_response_headers(shape, response, output, judge);
    if (shape.streaming_payload) return {};
    if (rest && shape.payload && shape.payload->shape->kind != Kind::structure) {
        *static_cast<std::string*>(shape.payload->emplace(output)) = response.body;
        return {};
    }
    if (operation.service->family == Family::rest_json || operation.service->family == Family::json_1_1) {
        const auto parsed = parse_json_object(response.body, judge);
        decode_json(shape, parsed.get_object(), output, judge);
    } else {
        decode_xml_output(operation, response, output, judge);
    }
    if (judge.satisfied()) return {};
    ServiceError error = judge.refusal();
    error.code = "UnreadableAnswer";
    error.status = response.status;
    error.message = "The answer to " + std::string(operation.name) + " could not be read: " + error.message;
    return Unexpected(std::move(error));
}

ServiceError decode_error(const OperationRow& operation, const Response& response) { return read_error(*operation.service, response); }

}  // namespace otabahn::awsapi

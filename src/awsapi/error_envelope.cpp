// SPDX-License-Identifier: Apache-2.0
#include "awsapi/error_envelope.hpp"

#include "awsapi/json_body.hpp"
#include "awsapi/xml_body.hpp"
#include "encoding/base64_string.hpp"

#include <boost/json.hpp>

namespace otabahn::awsapi {

namespace {

// S3's second id, which support asks for: the first in another coat.
std::string host_id(std::string_view request_id) { return encoding::to_base64(request_id); }

void append_member(std::string& out, std::string_view name, std::string_view value) {
    out.append(out.size() > 1 ? "," : "");
    append_json_string(out, name);
    out.push_back(':');
    append_json_string(out, value);
}

std::string json_envelope(const ServiceRow& service, const ServiceError& error, std::string_view request_id) {
    std::string out = "{";
    const bool json_1_1 = service.family == Family::json_1_1;
    if (json_1_1) append_member(out, "__type", error.code);
    // ACM writes the member of this one error with a capital; clients read both.
    append_member(out, json_1_1 && error.code == "AccessDeniedException" ? "Message" : "message", error.message);
    for (const auto& [name, value] : error.fields) append_member(out, name, value);
    if (service.name == "signer") append_member(out, "code", error.code);
    if (service.name == "iot-data") append_member(out, "traceId", request_id);
    return out.append("}");
}

void append_element(std::string& out, std::string_view name, std::string_view value) {
    out.append("<").append(name).append(">");
    append_xml_text(out, value);
    out.append("</").append(name).append(">");
}

std::string query_envelope(const ServiceRow& service, const ServiceError& error, std::string_view request_id) {
    std::string out = "<ErrorResponse xmlns=\"" + std::string(service.xml_namespace) + "\"><Error>";
    append_element(out, "Type", error.status >= 500 ? "Receiver" : "Sender");
    append_element(out, "Code", error.code);
    append_element(out, "Message", error.message);
    for (const auto& [name, value] : error.fields) append_element(out, name, value);
    out.append("</Error>");
    append_element(out, "RequestId", request_id);
    return out.append("</ErrorResponse>");
}

// Without a namespace, unlike S3's other documents.
std::string s3_envelope(const ServiceError& error, std::string_view request_id) {
    std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>";
    append_element(out, "Code", error.code);
    append_element(out, "Message", error.message);
    for (const auto& [name, value] : error.fields) append_element(out, name, value);
    append_element(out, "RequestId", request_id);
    append_element(out, "HostId", host_id(request_id));
    return out.append("</Error>");
}

ServiceError read_json_error(const Response& response) {
    ServiceError error{std::string(response.headers.value("x-amzn-ErrorType")), response.status, {}, {}, {}};
    std::string body_code, body_type;
    boost::json::error_code failed;
    const auto parsed = boost::json::parse(response.body, failed);
    if (!failed && parsed.is_object()) {
        for (const auto& [name, value] : parsed.get_object()) {
            const std::string text = value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value);
            if (name == "message" || name == "Message" || name == "errorMessage")
                error.message = text;
            else if (name == "__type")
                body_type = text;
            else if (name == "code")
                body_code = text;
            else
                error.fields.emplace_back(name, text);
        }
    }
    if (error.code.empty()) error.code = body_code.empty() ? body_type : body_code;
    // "Namespace#Code:http://…" is Code.
    if (const auto hash = error.code.rfind('#'); hash != std::string::npos) error.code.erase(0, hash + 1);
    error.code.resize(std::min(error.code.find(':'), error.code.size()));
    return error;
}

ServiceError read_xml_error(const ServiceRow& service, const Response& response) {
    ServiceError error{{}, response.status, {}, {}, {}};
    Judge judge(service, Judge::Mode::lenient);
    pugi::xml_document document;
    pugi::xml_node root = parse_xml(response.body, document, judge);
    if (local_name(root) == "ErrorResponse") root = child_of(root, "Error");
    for (const auto& child : root.children()) {
        if (child.type() != pugi::node_element) continue;
        const auto name = local_name(child);
        if (name == "Code")
            error.code = text_of(child);
        else if (name == "Message")
            error.message = text_of(child);
        else if (name != "Type" && name != "RequestId" && name != "HostId")
            error.fields.emplace_back(name, text_of(child));
    }
    return error;
}

}  // namespace

void add_request_id(const ServiceRow& service, std::string_view request_id, Headers& to) {
    if (service.family != Family::rest_xml) return to.set("x-amzn-RequestId", std::string(request_id));
    to.set("x-amz-request-id", std::string(request_id));
    to.set("x-amz-id-2", host_id(request_id));
}

Response write_error(const ServiceRow& service, const ServiceError& error, std::string_view request_id, bool head) {
    Response out;
    out.status = error.status;
    add_request_id(service, request_id, out.headers);
    for (const auto& [name, value] : error.headers) out.headers.set(name, value);
    switch (service.family) {
        case Family::rest_json:
            out.headers.set("x-amzn-ErrorType", error.code);
            out.headers.set("Content-Type", "application/json");
            out.body = json_envelope(service, error, request_id);
            break;
        case Family::json_1_1:
            out.headers.set("Content-Type", "application/x-amz-json-1.1");
            out.body = json_envelope(service, error, request_id);
            break;
        case Family::query:
            out.headers.set("Content-Type", "text/xml");
            out.body = query_envelope(service, error, request_id);
            break;
        case Family::rest_xml:
            out.headers.set("Content-Type", "application/xml");
            // 304 is S3's way to say "not modified"; it has no body, and neither has a HEAD.
            if (!head && error.status != 304) out.body = s3_envelope(error, request_id);
            break;
    }
    if (head) out.body.clear();
    return out;
}

ServiceError read_error(const ServiceRow& service, const Response& response) {
    const bool json = service.family == Family::rest_json || service.family == Family::json_1_1;
    ServiceError error = json ? read_json_error(response) : read_xml_error(service, response);
    for (const auto& [name, value] : response.headers)
        if (same_header_name(name, "x-amz-bucket-region") || same_header_name(name, "x-amzn-RequestId") ||
            same_header_name(name, "x-amz-request-id"))
            error.headers.emplace_back(name, value);
    // A HEAD's refusal is a bare number, and a proxy's answer is no envelope of the service.
    if (error.code.empty()) error.code = std::to_string(response.status);
    if (error.message.empty()) error.message = "the service answered with status " + std::to_string(response.status) + " and no message";
    return error;
}

}  // namespace otabahn::awsapi

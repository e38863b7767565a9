// SPDX-License-Identifier: Apache-2.0
#include "http/exchange.hpp"

#include "awsapi/route.hpp"
#include "encoding/base64_string.hpp"
#include "http/auth_errors.hpp"
#include "http/device_rules.hpp"
#include "http/publish_body.hpp"
#include "http/request_id.hpp"
#include "runtime/random.hpp"

#include <charconv>

namespace otabahn::http {
namespace {

// All that the body of an unsigned form decides is in whose words it is refused: nobody's megabytes are read for that.
constexpr std::size_t unsigned_form_limit = 64 * 1024;

bool is_worth_reading(const awsapi::Request& refused) {
    const std::string_view text = refused.headers.value("Content-Length");
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    return is_form(refused) && error == std::errc{} && end == text.data() + text.size() && length <= unsigned_form_limit;
}

bool is_s3(const awsapi::ServiceRow& service) { return service.family == awsapi::Family::rest_xml; }

const awsapi::Call* call_of(const awsapi::Prepared& prepared) {
    if (const auto* plain = std::get_if<awsapi::PlainCall>(&prepared)) return plain;
    if (const auto* download = std::get_if<awsapi::DownloadCall>(&prepared)) return download;
    return std::get_if<awsapi::UploadCall>(&prepared);
}

// "gzip,aws-chunked" is stored as gzip (spec control-plane 1.3).
std::string without_aws_chunked(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        std::string_view token = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        while (token.starts_with(' ')) token.remove_prefix(1);
        while (token.ends_with(' ')) token.remove_suffix(1);
        if (token.empty() || sigv4::to_lower(token) == "aws-chunked") continue;
        if (!out.empty()) out += ',';
        out += token;
    }
    return out;
}

}  // namespace

Exchange::Exchange(const Door& door, awsapi::Request head, std::string peer_address)
    : door_(door), head_(std::move(head)), peer_address_(std::move(peer_address)) {}

Exchange::Next Exchange::begin() {
    recognised_ = recognise(head_, door_.options.hostname);
    request_id_ = is_s3(*recognised_.service) ? make_s3_request_id() : runtime::random_uuid();
    if (recognised_.refused) return is_worth_reading(head_) ? Next::whole_body : Next::answer;
    awsapi::Request routed;
    routed.method = head_.method;
    routed.path = head_.path;
    routed.raw_query = head_.raw_query;
    routed.query = head_.query;
    routed.headers = head_.headers;
    address_bucket(routed, recognised_.bucket);
    return awsapi::streams_body(door_.operations, *recognised_.service, routed) ? Next::upload : Next::whole_body;
}

awsapi::Response Exchange::sent(awsapi::Response response) const {
    if (is_s3(*recognised_.service)) {
        response.headers.set("x-amz-request-id", request_id_);
        if (!response.headers.contains("x-amz-id-2")) response.headers.set("x-amz-id-2", encoding::to_base64(request_id_));
        response.headers.set("Server", "AmazonS3");
    } else {
        response.headers.set("x-amzn-RequestId", request_id_);
        say_published(operation_, request_id_, response);
    }
    return response;
}

awsapi::Response Exchange::deny(const awsapi::ServiceError& error, std::string reason) {
    reason_ = std::move(reason);
    return sent(awsapi::encode_error(*recognised_.service, error, request_id_, is_head()));
}

awsapi::Response Exchange::refusal() { return deny(*recognised_.refused, recognised_.reason); }

std::optional<awsapi::Response> Exchange::refuse_stranger() {
    if (!recognised_.claim) return std::nullopt;
    const auto key = door_.find_key(recognised_.claim->access_key_id);
    if (!key || (*key && (*key)->active)) return std::nullopt;  // a key that cannot be looked up is told of when the request is whole
    return deny(auth_error(*recognised_.service, AuthFault::unknown_key),
                "No such active access key: " + recognised_.claim->access_key_id + "; the body was not read.");
}

awsapi::Response Exchange::busy() {
    return sent(awsapi::encode_error(*recognised_.service, slow_down(*recognised_.service), request_id_, is_head()));
}

awsapi::Response Exchange::too_large() {
    return deny(body_too_large(*recognised_.service, awsapi::max_body_bytes), "The body is larger than what is read whole.");
}

awsapi::Response Exchange::too_slow() {
    return deny(
        {"RequestTimeout", 400, "Your socket connection to the server was not read from or written to within the timeout period.", {}, {}},
        "The body stopped coming.");
}

awsapi::Response Exchange::failed() {
    return sent(awsapi::encode_error(*recognised_.service, awsapi::internal_failure(*recognised_.service), request_id_, is_head()));
}

std::optional<awsapi::Response> Exchange::admit(std::string_view payload_hash) {
    auto caller = authenticate(door_.find_key, recognised_, head_, payload_hash, peer_address_, door_.clock.now());
    if (!caller) return deny(caller.error().error, caller.error().reason);
    authenticated_ = std::move(*caller);
    return std::nullopt;
}

std::optional<awsapi::Response> Exchange::plan_payload(std::string_view payload_hash) {
    const auto views = header_views(head_.headers);
    const std::string target = head_.target();
    auto payload = sigv4::Payload::plan({head_.method, target, views}, payload_hash, authenticated_->proof.chain);
    if (!payload) return deny(payload_error(payload.error()), payload.error().message);
    payload_.emplace(std::move(*payload));
    return std::nullopt;
}

void Exchange::undo_chunking() {
    if (!payload_->is_chunked()) return;
    head_.headers.set("Content-Length", std::to_string(payload_->decoded_length().value_or(0)));
    const std::string left = without_aws_chunked(head_.headers.value("Content-Encoding"));
    if (left.empty())
        head_.headers.remove("Content-Encoding");
    else
        head_.headers.set("Content-Encoding", left);
}

std::optional<awsapi::Response> Exchange::prepare_call() {
    address_bucket(head_, recognised_.bucket);
    if (recognised_.service->name == "iot-data") escape_topic(head_);
    prepared_.emplace(awsapi::prepare(door_.operations, *recognised_.service, head_, request_id_));
    if (const awsapi::Call* call = call_of(*prepared_)) {
        operation_ = call->operation->name;
        return std::nullopt;
    }
    if (const auto route = awsapi::find_route(*recognised_.service, head_)) operation_ = route->operation->name;
    return sent(std::get<awsapi::Response>(std::move(*prepared_)));
}

awsapi::Response Exchange::answer_whole(std::string body) {
    if (recognised_.refused) {
        recognised_ = recognise(head_, door_.options.hostname, body);
        return refusal();
    }
    if (is_s3(*recognised_.service)) {
        const auto views = header_views(head_.headers);
        const std::string target = head_.target();
        const auto hash = sigv4::s3_payload_hash(*recognised_.claim, {head_.method, target, views});
        if (!hash) {
            const sigv4::PayloadError missing(sigv4::PayloadFault::missing_hash,
                                              "Missing required header for this request: x-amz-content-sha256");
            return deny(payload_error(missing), missing.message);
        }
        if (auto denied = admit(*hash)) return std::move(*denied);
        if (auto denied = plan_payload(*hash)) return std::move(*denied);
        const auto bytes = payload_->take(as_bytes(body));
        if (!bytes) return deny(payload_error(bytes.error()), bytes.error().message);
        if (auto whole = payload_->finish(); !whole) return deny(payload_error(whole.error()), whole.error().message);
        head_.body = std::string(as_text(*bytes));
        undo_chunking();
    } else {
        if (auto denied = admit(sigv4::sha256_hex(body))) return std::move(*denied);
        head_.body = std::move(body);
    }
    if (auto answer = prepare_call()) return std::move(*answer);
    if (const auto* plain = std::get_if<awsapi::PlainCall>(&*prepared_)) return sent(awsapi::run(*plain, authenticated_->caller));
    if (const auto* download = std::get_if<awsapi::DownloadCall>(&*prepared_)) return sent(awsapi::run(*download, authenticated_->caller));
    return failed();  // an upload whose head did not say so
}

std::optional<awsapi::Response> Exchange::begin_upload() {
    const auto views = header_views(head_.headers);
    const std::string target = head_.target();
    const auto hash = sigv4::s3_payload_hash(*recognised_.claim, {head_.method, target, views});
    if (!hash) {
        const sigv4::PayloadError missing(sigv4::PayloadFault::missing_hash,
                                          "Missing required header for this request: x-amz-content-sha256");
        return deny(payload_error(missing), missing.message);
    }
    if (auto denied = admit(*hash)) return denied;
    if (auto denied = plan_payload(*hash)) return denied;
    if (!head_.headers.contains("Content-Length") && !head_.headers.contains("Transfer-Encoding"))
        return deny({"MissingContentLength", 411, "You must provide the Content-Length HTTP header.", {}, {}},
                    "An upload without a length.");
    undo_chunking();
    if (auto answer = prepare_call()) return answer;
    const auto* call = std::get_if<awsapi::UploadCall>(&*prepared_);
    if (call == nullptr) return failed();
    auto upload = awsapi::begin(*call, authenticated_->caller);
    if (!upload) return sent(awsapi::refuse(*call, upload.error()));
    upload_ = std::move(*upload);
    return std::nullopt;
}

std::optional<awsapi::Response> Exchange::write(ByteView wire_bytes) {
    const auto bytes = payload_->take(wire_bytes);
    if (!bytes) {
        drop_upload();
        return deny(payload_error(bytes.error()), bytes.error().message);
    }
    if (bytes->empty()) return std::nullopt;
    if (auto written = upload_->write(*bytes); !written) {
        drop_upload();
        return sent(awsapi::refuse(std::get<awsapi::UploadCall>(*prepared_), written.error()));
    }
    return std::nullopt;
}

awsapi::Response Exchange::finish_upload() {
    if (auto whole = payload_->finish(); !whole) {
        drop_upload();
        return deny(payload_error(whole.error()), whole.error().message);
    }
    awsapi::Response response = awsapi::finish(std::get<awsapi::UploadCall>(*prepared_), *upload_);
    drop_upload();
    return sent(std::move(response));
}

void Exchange::drop_upload() { upload_.reset(); }

}  // namespace otabahn::http

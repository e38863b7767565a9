// SPDX-License-Identifier: Apache-2.0
#include "client/transfer.hpp"

#include <curl/curl.h>

#include <array>
#include <cstring>
#include <stdexcept>

namespace otabahn::client {
namespace {

constexpr long connect_seconds = 10, stalled_seconds = 60;

struct Sending {
    std::string_view left;
    const UploadSource* upload;
};
struct Receiving {
    awsapi::Response response;
    std::size_t limit;
    bool too_large = false;
};

std::size_t on_read(char* into, std::size_t size, std::size_t count, void* context) {
    auto& sending = *static_cast<Sending*>(context);
    if (sending.upload != nullptr) {
        const std::size_t got = sending.upload->read(into, size * count);
        return got == UploadSource::npos ? CURL_READFUNC_ABORT : got;
    }
    const std::size_t piece = std::min(size * count, sending.left.size());
    std::memcpy(into, sending.left.data(), piece);
    sending.left.remove_prefix(piece);
    return piece;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* context) {
    auto& receiving = *static_cast<Receiving*>(context);
    if (receiving.response.body.size() + size * count > receiving.limit) {
        receiving.too_large = true;
        return 0;
    }
    receiving.response.body.append(data, size * count);
    return size * count;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* context) {
    auto& receiving = *static_cast<Receiving*>(context);
    std::string_view line(data, size * count);
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) {
        receiving.response.headers = {};  // of a 100 Continue before
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
        std::string_view value = line.substr(colon + 1);
        while (value.starts_with(' ')) value.remove_prefix(1);
        receiving.response.headers.add(std::string(line.substr(0, colon)), std::string(value));
    }
    return size * count;
}

TransferFault to_fault(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_CONNECT:
            return TransferFault::refused;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            return TransferFault::unresolved;
        case CURLE_OPERATION_TIMEDOUT:
            return TransferFault::timed_out;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
            return TransferFault::tls;
        default:
            return TransferFault::broken;
    }
}

struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

}  // namespace

struct Transfer::Handle {
    CURL* curl = curl_easy_init();
    Handle() {
        if (curl == nullptr) throw std::runtime_error("libcurl could not be started");
    }
    ~Handle() { curl_easy_cleanup(curl); }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
};

Transfer::Transfer() : handle_(std::make_unique<Handle>()) {}
Transfer::~Transfer() = default;
Transfer::Transfer(Transfer&&) noexcept = default;
Transfer& Transfer::operator=(Transfer&&) noexcept = default;

Result<awsapi::Response, TransferError> Transfer::send(const TransferRequest& request) {
    CURL* const curl = handle_->curl;
    curl_easy_reset(curl);  // keeps its connections
    Sending sending{request.body, request.upload};
    Receiving receiving{{}, request.answer_limit};
    std::array<char, CURL_ERROR_SIZE> problem{};

    std::unique_ptr<curl_slist, FreeList> headers;
    const auto add_header = [&](const std::string& line) { headers.reset(curl_slist_append(headers.release(), line.c_str())); };
    // libcurl leaves a header out that has no value, unless a semicolon says that it is meant.
    for (const auto& [name, value] : request.headers) add_header(value.empty() ? name + ";" : name + ": " + value);
    for (const char* own : {"Accept:", "Content-Type:"}) {
        bool given = false;
        for (const auto& [name, value] : request.headers)
            given = given || awsapi::same_header_name(name, std::string_view(own).substr(0, std::strlen(own) - 1));
        if (!given) add_header(own);
    }
    // Worth a round trip only where a refusal saves sending a large body.
    if (request.upload == nullptr) add_header("Expect:");

    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);  // what was signed is what is sent
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "otabahn");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, problem.data());
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, connect_seconds);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stalled_seconds);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receiving);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &receiving);
    if (!request.ca_bundle.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, request.ca_bundle.c_str());
    const std::uint64_t size = request.upload != nullptr ? request.upload->size : request.body.size();
    if (request.method == "HEAD") {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (size > 0 || request.method == "PUT" || request.method == "POST") {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, &on_read);
        curl_easy_setopt(curl, CURLOPT_READDATA, &sending);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(size));
        curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());

    const CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        if (receiving.too_large)
            return Unexpected(
                TransferError(TransferFault::too_large, "the answer is larger than " + std::to_string(request.answer_limit) + " bytes"));
        return Unexpected(TransferError(to_fault(code), problem[0] != '\0' ? problem.data() : curl_easy_strerror(code)));
    }
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    receiving.response.status = static_cast<int>(status);
    return std::move(receiving.response);
}

}  // namespace otabahn::client

// SPDX-License-Identifier: Apache-2.0
// A certificate's bytes in and out, and who signed it. What its fields say is in certificate_fields.cpp.
#include "x509/openssl_handles.hpp"

#include "encoding/base64_string.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <ctime>

namespace otabahn::x509 {
namespace {

bool readable(const ASN1_TIME* time) {
    std::tm parts{};
    return time != nullptr && ASN1_TIME_to_tm(time, &parts) == 1;
}

Timestamp to_timestamp(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) {
        ERR_clear_error();
        return Timestamp{};
    }
    return from_millis(static_cast<std::int64_t>(timegm(&parts)) * 1000);
}

// What every way in demands, so that the accessors need no answer for a certificate without dates.
Result<void> check(const X509* certificate) {
    if (!readable(X509_get0_notBefore(certificate)) || !readable(X509_get0_notAfter(certificate))) {
        ERR_clear_error();
        return fail(ErrorCode::invalid_request, "The certificate's validity (notBefore, notAfter) holds no readable time.");
    }
    return {};
}

Unexpected<Error> no_certificate(std::string why) {
    return fail(ErrorCode::invalid_request,
                "There is no certificate in the text: it takes a PEM block that begins '-----BEGIN CERTIFICATE-----'" + why + ".");
}

}  // namespace

Result<Certificate> Certificate::parse_pem(std::string_view pem) {
    if (pem.size() > detail::largest_text) return fail(ErrorCode::invalid_request, "The text of a certificate is larger than 4 MiB.");
    detail::X509Handle handle(PEM_read_bio_X509(detail::read_only(pem).get(), nullptr, &detail::no_password, nullptr));
    if (!handle) return no_certificate(detail::reason());
    if (auto fine = check(handle.get()); !fine) return Unexpected(std::move(fine).error());
    return Certificate(detail::share(std::move(handle)));
}

Result<std::vector<Certificate>> Certificate::parse_pem_chain(std::string_view pem) {
    if (pem.size() > detail::largest_text) return fail(ErrorCode::invalid_request, "The text of a certificate chain is larger than 4 MiB.");
    const auto source = detail::read_only(pem);
    std::vector<Certificate> out;
    while (true) {
        detail::X509Handle handle(PEM_read_bio_X509(source.get(), nullptr, &detail::no_password, nullptr));
        if (!handle) {
            const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
            const std::string why = detail::reason();
            if (at_end && !out.empty()) return out;
            if (out.empty()) return no_certificate(why);
            return fail(ErrorCode::invalid_request,
                        "Certificate " + std::to_string(out.size() + 1) + " of the chain cannot be read" + why + ".");
        }
        if (auto fine = check(handle.get()); !fine) return Unexpected(std::move(fine).error());
        out.push_back(Certificate(detail::share(std::move(handle))));
    }
}

Result<Certificate> Certificate::parse_der(ByteView der) {
    if (der.size() > detail::largest_text) return fail(ErrorCode::invalid_request, "The bytes of a certificate are more than 4 MiB.");
    const unsigned char* at = der.data();
    detail::X509Handle handle(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (!handle)
        return fail(ErrorCode::invalid_request,
                    "The " + std::to_string(der.size()) + " bytes are no whole DER certificate" + detail::reason() + ".");
    if (const auto rest = der.data() + der.size() - at; rest != 0)
        return fail(ErrorCode::invalid_request, std::to_string(rest) + " bytes follow the DER certificate; nothing may.");
    if (auto fine = check(handle.get()); !fine) return Unexpected(std::move(fine).error());
    return Certificate(detail::share(std::move(handle)));
}

Certificate Certificate::share(x509_st* native) {
    X509_up_ref(native);
    return Certificate(detail::share(detail::X509Handle(native)));
}

std::string Certificate::to_pem() const {
    const detail::Bio out(BIO_new(BIO_s_mem()));
    if (!out || PEM_write_bio_X509(out.get(), handle_.get()) != 1) detail::broken("PEM_write_bio_X509");
    return detail::content(out.get());
}

std::string Certificate::to_der() const {
    const int size = i2d_X509(handle_.get(), nullptr);
    if (size <= 0) detail::broken("i2d_X509");
    std::string out(static_cast<std::size_t>(size), '\0');
    auto* at = reinterpret_cast<unsigned char*>(out.data());
    i2d_X509(handle_.get(), &at);
    return out;
}

std::string Certificate::id() const {
    std::array<unsigned char, 32> digest{};
    unsigned int size = 0;
    if (X509_digest(handle_.get(), EVP_sha256(), digest.data(), &size) != 1) detail::broken("X509_digest");
    return encoding::to_hex(digest);
}

Timestamp Certificate::not_before() const { return to_timestamp(X509_get0_notBefore(handle_.get())); }
Timestamp Certificate::not_after() const { return to_timestamp(X509_get0_notAfter(handle_.get())); }

KeyAlgorithm Certificate::key_algorithm() const {
    const KeyAlgorithm out = detail::algorithm_of(X509_get0_pubkey(handle_.get()));
    ERR_clear_error();
    return out;
}

int Certificate::key_bits() const {
    const EVP_PKEY* key = X509_get0_pubkey(handle_.get());
    ERR_clear_error();
    return key == nullptr ? 0 : EVP_PKEY_get_bits(key);
}

std::string Certificate::public_key_pem() const {
    std::string out = detail::public_pem_of(X509_get0_pubkey(handle_.get()));
    ERR_clear_error();
    return out;
}

bool Certificate::self_signed() const {
    const bool out = X509_self_signed(handle_.get(), 1) == 1;
    ERR_clear_error();
    return out;
}

bool Certificate::issued_by(const Certificate& authority) const {
    if (same(authority)) return self_signed();
    EVP_PKEY* key = X509_get0_pubkey(authority.handle_.get());
    const bool out = key != nullptr && X509_check_ca(authority.handle_.get()) != 0 &&
                     X509_check_issued(authority.handle_.get(), handle_.get()) == X509_V_OK && X509_verify(handle_.get(), key) == 1;
    ERR_clear_error();
    return out;
}

}  // namespace otabahn::x509

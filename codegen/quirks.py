# SPDX-License-Identifier: Apache-2.0
"""What the AWS API models do not say, or say otherwise than the service behaves; each entry with its reason."""

# Root element of an S3 answer. The models (cut from botocore's) only name shapes; a client does not check the root, people do.
S3_ROOTS = {
    "ListBuckets": "ListAllMyBucketsResult", "GetBucketLocation": "LocationConstraint", "GetBucketVersioning": "VersioningConfiguration",
    "ListObjects": "ListBucketResult", "ListObjectsV2": "ListBucketResult", "ListObjectVersions": "ListVersionsResult",
    "DeleteObjects": "DeleteResult", "CopyObject": "CopyObjectResult", "UploadPartCopy": "CopyPartResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult", "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "ListParts": "ListPartsResult", "ListMultipartUploads": "ListMultipartUploadsResult", "GetBucketTagging": "Tagging",
    "GetObjectTagging": "Tagging", "GetObjectAttributes": "GetObjectAttributesResponse", "GetBucketAcl": "AccessControlPolicy",
    "GetObjectAcl": "AccessControlPolicy", "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration", "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketEncryption": "ServerSideEncryptionConfiguration", "GetBucketOwnershipControls": "OwnershipControls",
    "GetPublicAccessBlock": "PublicAccessBlockConfiguration",
}

# Labels that take raw slashes though the model does not mark them so: AWS IoT's own samples publish to /topics/a/b.
GREEDY_LABELS = {("iot-data", "topic")}

# Enums that the service judges with an error of its own, so the handler does: a wrong region is InvalidLocationConstraint.
ENUMS_LEFT_TO_HANDLERS = {("s3", "BucketLocationConstraint")}
